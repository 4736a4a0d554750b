import { TokenError } from '../src/errors/token-error.js';

/** What came of a call. An error that is not ours is thrown on: no rule may end in one. */
export type Outcome<Value> =
  | { readonly value: Value; readonly error?: undefined }
  | { readonly error: TokenError; readonly value?: undefined };

export function outcomeOf<Value>(call: () => Value): Outcome<Value> {
  try {
    return { value: call() };
  } catch (error) {
    if (TokenError.is(error)) return { error };
    throw error;
  }
}

import { TokenError } from '@tokenkeep/core';

/** The TokenError a promise is rejected with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<TokenError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!TokenError.is(error)) throw new Error('Expected a TokenError.', { cause: error });
  return error;
}

import { refusalOf, TokenError } from '@tokenkeep/core';

/** What a call that must fail threw. */
export async function caught(call: Promise<unknown>): Promise<TokenError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!TokenError.is(error)) throw new Error('expected a TokenError', { cause: error });
  return error;
}

export async function refusalKind(call: Promise<unknown>): Promise<string | undefined> {
  return refusalOf(await caught(call))?.kind;
}

/**
 * What a plug-in gave where it has to answer at once: `undefined` where that comes later. Nobody
 * waits for it then, and Node does not print what it fails with, which may quote a secret.
 */
export function atOnce<Value>(given: Value | PromiseLike<Value>): Value | undefined {
  if (!isPromiseLike(given)) return given;
  Promise.resolve(given).then(undefined, () => {});
  return undefined;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

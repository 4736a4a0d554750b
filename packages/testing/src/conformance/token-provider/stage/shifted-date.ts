/** Until it is disposed of, `Date` is so many milliseconds ahead for whoever asks what time it is. */
export function shiftedDate(aheadMs: number): Disposable {
  const real = globalThis.Date;
  const now = () => real.now() + aheadMs;
  globalThis.Date = new Proxy(real, {
    apply: () => new real(now()).toString(),
    construct: (target, args: unknown[], made) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, made) as object,
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
  return {
    [Symbol.dispose]: () => {
      globalThis.Date = real;
    },
  };
}

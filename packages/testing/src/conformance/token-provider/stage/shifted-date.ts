import { sharedPatch } from './shared-patch.js';
import { strayWorkNow } from './stray-work.js';

/** Until it is disposed of, `Date` is as far ahead for code of a provider as its run says. */
export const shiftedDate = sharedPatch(() => {
  const real = globalThis.Date;
  const now = () => real.now() + (strayWorkNow()?.aheadMs ?? 0);
  const shifted = new Proxy(real, {
    apply: () => new real(now()).toString(),
    construct: (target, args: unknown[], made) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, made) as object,
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
  globalThis.Date = shifted;
  return () => {
    if (globalThis.Date === shifted) globalThis.Date = real;
  };
});

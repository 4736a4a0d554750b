// `node --import shifted-date.js`: the wall clock of this process is what the run makes it. Nothing
// else is touched: monotonic and boot clocks go on.

let shiftMs = Number(process.env.WALL_SHIFT_MS ?? 0);
const RealDate = Date;
const shiftedNow = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) =>
    Reflect.construct(target, args.length === 0 ? [shiftedNow()] : args, made) as object,
  get: (target, name) => (name === 'now' ? shiftedNow : Reflect.get(target, name)),
});

Object.assign(globalThis, {
  stepWallClock: (ms: number) => {
    shiftMs += ms;
  },
});

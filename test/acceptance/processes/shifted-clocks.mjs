// `node --import shifted-clocks.mjs`: lets a test step this process's wall clock, and let its
// machine "sleep": Linux counts that in the boot clock, but not in the monotonic one.

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

let wallShiftMs = Number(process.env.WALL_SHIFT_MS ?? 0);
let napMs = 0;

const RealDate = Date;
const shiftedNow = () => RealDate.now() + wallShiftMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) =>
    Reflect.construct(target, args.length === 0 ? [shiftedNow()] : args, made),
  get: (target, name) => (name === 'now' ? shiftedNow : Reflect.get(target, name)),
});

const { uptime } = os;
os.uptime = () => uptime() + napMs / 1_000;
syncBuiltinESMExports();

/** @param {{ wallMs: number, napMs: number }} shift */
const shiftClocks = (shift) => {
  wallShiftMs += shift.wallMs;
  napMs += shift.napMs;
};
Object.assign(globalThis, { shiftClocks });

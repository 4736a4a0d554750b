// `node --import shifted-clocks.mjs`: lets a test step this process's wall clock, and let its
// machine "sleep": Linux counts that in the boot clock, but not in the monotonic one.

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

let wallShiftMs = Number(process.env.WALL_SHIFT_MS ?? 0);
let napMs = 0;

const RealDate = Date;
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + wallShiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + wallShiftMs;
  }
};

const { uptime } = os;
os.uptime = () => uptime() + napMs / 1_000;
syncBuiltinESMExports();

globalThis.shiftClocks = (shift) => {
  wallShiftMs += shift.wallMs;
  napMs += shift.napMs;
};

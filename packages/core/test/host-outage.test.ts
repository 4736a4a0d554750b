import { describe, expect, test } from '@jest/globals';
import { askHost, noOutage, noteOutage } from '../src/guard/host-outage.js';
import { defaultParameters as p } from '../src/parameters/parameters.js';

const now = 1_000_000;

describe('an outage that processes share', () => {
  test('is no outage until somebody has said so', () => {
    expect(askHost(noOutage, now, p)).toEqual({ waitMs: 0, outage: noOutage });
  });

  test('is one opening, however many processes find it out', () => {
    const once = noteOutage(noOutage, now, p);
    expect(noteOutage(once, now + 5, p)).toBe(once);
    expect(askHost(once, now + 5, p).waitMs).toBe(p.breakerOpenMs - 5);
  });

  test('is probed by one process, for which the others wait', () => {
    const open = noteOutage(noOutage, now, p);
    const over = now + p.breakerOpenMs;
    const probe = askHost(open, over, p);
    expect(probe.waitMs).toBe(0);
    expect(askHost(probe.outage, over + 1, p).waitMs).toBe(p.breakerOpenMs - 1);
    // It was never heard of again: the next one tries.
    expect(askHost(probe.outage, over + p.breakerOpenMs, p).waitMs).toBe(0);
  });

  test('lasts longer after each probe that failed, up to the longest', () => {
    let outage = noOutage;
    let at = now;
    const openings: number[] = [];
    for (let probes = 0; probes < 30; probes += 1) {
      outage = noteOutage(outage, at, p);
      openings.push(outage.until - at);
      at = outage.until;
      ({ outage } = askHost(outage, at, p));
    }
    expect(openings.slice(0, 5)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000]);
    expect(Math.max(...openings)).toBe(p.breakerMaxMs);
  });

  test('that lies an hour ahead was written before a clock went back, and holds nobody', () => {
    const outage = noteOutage(noOutage, now + 3_600_000, p);
    expect(askHost(outage, now, p).waitMs).toBe(0);
  });
});

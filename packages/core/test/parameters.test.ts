import { describe, expect, test } from '@jest/globals';
import { defaultParameters, type Parameters, scaleParameters } from '../src/index.js';
import { checkParameters } from '../src/parameters/check-parameters.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Defaults that are promises: what an operator reads in the reference, and why. */
const promised: Partial<Parameters> = {
  safetyMs: SECOND,
  mandatoryMs: MINUTE,
  mandatoryFloorMs: SECOND,
  advisoryMs: 15 * MINUTE,
  shortestLifetimeMs: SECOND,
  waitMs: 15 * SECOND,
  viewMaxAgeMs: SECOND,
  leaseMs: 10 * SECOND,
  heartbeatMs: 3 * SECOND,
  sendGateMs: 5 * SECOND,
  connectTimeoutMs: 5 * SECOND,
  requestTimeoutMs: 10 * SECOND,
  rotationTimeoutMs: 90 * SECOND,
  maxBodyBytes: 64 * 1_024,
  graceMarginMs: 5 * SECOND,
  quarantineMs: 95 * SECOND,
  storeReturnMs: 10 * SECOND,
  commitRetryMs: SECOND,
  gapMs: 5 * SECOND,
  backoffBaseMs: SECOND,
  backoffMaxMs: 5 * MINUTE,
  forcedGapMs: 5 * MINUTE,
  capWindowMs: HOUR,
  usableCap: 6,
  otherCap: 32,
  sessionCap: 60,
  ambiguousWaitsMs: [MINUTE, 5 * MINUTE],
  breakerFailures: 5,
  breakerOpenMs: 30 * SECOND,
  breakerMaxMs: 5 * MINUTE,
  retryQuota: 100,
  incidentAccounts: 5,
  incidentPercent: 20,
  incidentWindowMs: 5 * MINUTE,
  incidentFreezeMs: 15 * MINUTE,
  incidentProbeMs: MINUTE,
  incidentLoginGapMs: 5 * SECOND,
  scheduleAtOnce: 10,
  stopMs: 25 * SECOND,
};

describe('the default of', () => {
  test.each(Object.entries(promised))('%s is %j', (name, value) => {
    expect(defaultParameters[name as keyof Parameters]).toEqual(value);
  });
});

describe('parameters hang together:', () => {
  const p = defaultParameters;

  test('a lease outlives two missed heartbeats, and has room for the send gate', () => {
    expect(3 * p.heartbeatMs).toBeLessThan(p.leaseMs);
    expect(p.sendGateMs + p.heartbeatMs).toBeLessThan(p.leaseMs);
  });

  test('nobody who sent can still commit when a quarantine ends', () => {
    expect(p.quarantineMs).toBeGreaterThan(p.rotationTimeoutMs);
  });

  test('the longest backoff and the longest opening of a breaker heal within 400 s', () => {
    expect(p.backoffMaxMs + p.schedulePollMs).toBeLessThan(400 * SECOND);
    expect(p.breakerMaxMs + p.schedulePollMs).toBeLessThan(400 * SECOND);
    expect(p.forcedGapMs + p.schedulePollMs).toBeLessThan(400 * SECOND);
  });

  test('an account that was held back in an incident heals within 400 s of its end', () => {
    const pauseMs = 2 * p.incidentProbeMs;
    expect(pauseMs + p.schedulePollMs).toBeLessThan(400 * SECOND);
    expect(p.incidentWindowMs + pauseMs + p.schedulePollMs).toBeLessThan(p.incidentFreezeMs);
  });

  test('forced renewals at their gap stay within half of the hourly cap', () => {
    expect(p.capWindowMs / p.forcedGapMs).toBeLessThanOrEqual(p.otherCap / 2);
  });

  test('the longest backoff alone stays within the hourly cap', () => {
    expect(p.capWindowMs / (p.backoffMaxMs / 2)).toBeLessThan(p.otherCap);
  });
});

describe('parameters that cannot hang together are refused by name:', () => {
  test.each<[Partial<Record<string, unknown>>, RegExp]>([
    [{ gapMs: Number.NaN }, /gapMs is NaN: it must be a number above 0/],
    [{ waitMs: -1 }, /waitMs is -1/],
    [{ gapMs: undefined }, /gapMs is undefined/],
    [{ ambiguousWaitsMs: [1, 0] }, /ambiguousWaitsMs is 1,0/],
    [{ gapMillis: 5 }, /no parameter "gapMillis"/],
    [{ heartbeatMs: 20_000 }, /heartbeatMs \(20000\) must be below leaseMs \(10000\)/],
    [{ quarantineMs: 60_000 }, /rotationTimeoutMs \(90000\) must be below quarantineMs/],
  ])('%j', (given, complaint) => {
    const check = () => checkParameters({ ...defaultParameters, ...given } as Parameters);
    expect(check).toThrow(complaint);
  });

  test('the defaults, and the defaults scaled, are not', () => {
    expect(() => checkParameters(scaleParameters(0.001))).not.toThrow();
    expect(() => checkParameters(scaleParameters(1_000))).not.toThrow();
  });
});

describe('scaling', () => {
  const isDuration = (name: string) => name.endsWith('Ms');

  test('multiplies every duration, by its name, and nothing else', () => {
    const scaled: Parameters = scaleParameters(0.01);
    for (const [name, value] of Object.entries(defaultParameters)) {
      const now = scaled[name as keyof Parameters];
      if (!isDuration(name)) expect([name, now]).toEqual([name, value]);
      else if (Array.isArray(value)) expect(now).toEqual(value.map((ms) => ms * 0.01));
      else expect([name, now]).toEqual([name, value * 0.01]);
    }
  });

  test('by one changes nothing, keeps every name, and leaves the defaults alone', () => {
    expect(scaleParameters(1)).toEqual(defaultParameters);
    expect(Object.keys(scaleParameters(7))).toEqual(Object.keys(defaultParameters));
  });

  test('starts from other parameters where they are given', () => {
    expect(scaleParameters(2, { ...defaultParameters, gapMs: 21 }).gapMs).toBe(42);
  });
});

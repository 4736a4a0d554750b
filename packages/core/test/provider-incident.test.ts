import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Ask,
  admitRequest,
  type FinalRefusal,
  isJudged,
  judgeRefusal,
  noIncident,
  noteSuccess,
  type ProviderIncident,
  reviewVerdict,
  settled,
} from '../src/guard/provider-incident.js';
import { defaultParameters as p } from '../src/parameters/parameters.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const start = 1_000_000_000_000;

/** A provider whose row is changed as processes change it. */
class Row {
  state: ProviderIncident = noIncident;
  believed = 0;
  held = 0;

  constructor(readonly known: number) {}

  refuse(
    after: number,
    operation: FinalRefusal['operation'] = 'refresh',
    countedAt?: number,
  ): { believed: boolean; at: number } {
    const { known } = this;
    const refusal = { now: start + after, operation, countedAt, known };
    const { state, believed, at } = judgeRefusal(this.state, refusal, p);
    this.state = state;
    if (believed) this.believed += 1;
    else this.held += 1;
    return { believed, at };
  }

  /** Accounts that are refused one after the other. */
  refuseMany(count: number, from: number, everyMs: number, operation?: Ask['operation']): void {
    for (let n = 0; n < count; n += 1) this.refuse(from + n * everyMs, operation);
  }

  ask(after: number, ask: Partial<Ask> = {}) {
    const whole = { operation: 'refresh', refused: false, urgent: false, ...ask } as const;
    const admission = admitRequest(this.state, { ...whole, now: start + after }, p);
    if (admission.allowed) this.state = admission.state;
    return admission.allowed ? 'now' : admission.retryAt - start;
  }

  succeed(
    after: number,
    operation: Ask['operation'] = 'refresh',
    sentAt = after,
    refused = false,
  ): void {
    const success = { now: start + after, sentAt: start + sentAt, operation, refused };
    this.state = noteSuccess(this.state, success, p);
  }

  phase(after: number) {
    return settled(this.state, start + after, p).phase;
  }

  review(at: number, after: number) {
    return reviewVerdict(this.state, start + at, start + after, p);
  }
}

function frozenRow(known = 40): Row {
  const row = new Row(known);
  row.refuseMany(8, 0, SECOND);
  expect(row.phase(8 * SECOND)).toBe('frozen');
  return row;
}

describe('too many accounts are', () => {
  test.each([
    // known, refused in 20 s: believed, phase
    [4, 4, false, 0, 'calm'],
    [5, 4, true, 4, 'calm'],
    [5, 5, true, 4, 'frozen'],
    [25, 5, true, 4, 'frozen'],
    [26, 5, true, 5, 'calm'],
    [26, 6, true, 5, 'frozen'],
    [40, 5, true, 5, 'calm'],
    [40, 6, true, 5, 'suspected'],
    [40, 7, true, 5, 'suspected'],
    [40, 8, true, 5, 'frozen'],
    [1_000, 199, true, 5, 'suspected'],
    [1_000, 200, true, 5, 'frozen'],
  ] as const)('%d known, %d refused: judged %p, believed %d, %s', (...row) => {
    const [known, refused, judged, believed, phase] = row;
    expect(isJudged(known, p)).toBe(judged);
    if (!judged) return;
    const provider = new Row(known);
    provider.refuseMany(refused, 0, (20 * SECOND) / refused);
    expect(provider.believed).toBe(believed);
    expect(provider.phase(20 * SECOND)).toBe(phase);
  });

  test('not those that are refused one after the other in a quarter of an hour each', () => {
    const provider = new Row(40);
    provider.refuseMany(100, 0, 3 * MINUTE + SECOND);
    expect(provider.believed).toBe(100);
  });

  test('none of them another one, although they were refused in the same millisecond', () => {
    const provider = new Row(100);
    const accounts = Array.from({ length: 10 }, () => provider.refuse(0));
    expect(accounts.map(({ believed }) => believed)).toEqual([
      ...[true, true, true, true, true],
      ...[false, false, false, false, false],
    ]);
    const again = accounts.map(({ at }) => provider.refuse(SECOND, 'obtain', at).believed);
    expect(again).toEqual(accounts.map(({ believed }) => believed));
    expect(provider.state.refusals).toHaveLength(10);
  });

  test('not one account twice: its login after its refresh is the same no', () => {
    const provider = new Row(40);
    for (let n = 0; n < 5; n += 1) {
      const { at } = provider.refuse(n * SECOND);
      expect(provider.refuse(n * SECOND + 500, 'obtain', at)).toEqual({ believed: true, at });
    }
    expect(provider.state.refusals).toHaveLength(5);
    expect(provider.phase(5 * SECOND)).toBe('calm');
  });
});

describe('a suspicion', () => {
  const suspectedRow = () => {
    const row = new Row(100);
    row.refuseMany(6, 0, SECOND);
    expect(row.phase(6 * SECOND)).toBe('suspected');
    return row;
  };
  const end = 5 * SECOND + p.incidentWindowMs;

  test('keeps back who was refused, and nobody else', () => {
    const row = suspectedRow();
    expect(row.ask(10 * SECOND)).toBe('now');
    expect(row.ask(10 * SECOND, { operation: 'obtain' })).toBe('now');
    expect(row.ask(10 * SECOND, { refused: true })).toBe(65 * SECOND);
    expect(row.ask(65 * SECOND, { refused: true })).toBe('now');
    expect(row.ask(66 * SECOND, { refused: true })).toBe(125 * SECOND);
  });

  test('that others disproved ends, and each account that was kept back is believed', () => {
    const row = suspectedRow();
    row.refuseMany(9, 10 * SECOND, SECOND);
    row.succeed(MINUTE);
    expect(row.phase(end - 1)).toBe('suspected');
    expect(row.phase(end)).toBe('calm');
    row.refuseMany(10, end, SECOND);
    expect(row.believed).toBe(5 + 10);
  });

  test('is wrong where an account that was refused succeeds: what was believed is void', () => {
    const row = suspectedRow();
    row.succeed(MINUTE, 'refresh', MINUTE, true);
    expect(row.phase(MINUTE)).toBe('calm');
    expect(row.review(0, 2 * MINUTE)).toEqual({ kind: 'void', cause: 'refresh' });
    expect(row.review(4 * SECOND, 60 * MINUTE)).toEqual({ kind: 'void', cause: 'refresh' });
  });

  test('in which nobody succeeded becomes an incident with the next refusal', () => {
    const row = suspectedRow();
    expect(row.phase(end)).toBe('suspected');
    expect(row.refuse(end).believed).toBe(false);
    expect(row.phase(end)).toBe('frozen');
  });

  test('after which nobody is refused is forgotten', () => {
    const row = suspectedRow();
    expect(row.phase(end + p.incidentWindowMs - 1)).toBe('suspected');
    expect(row.phase(end + p.incidentWindowMs)).toBe('calm');
  });

  test.each([
    ['a success of something else', 'obtain', MINUTE],
    ['what had left before', 'refresh', 0],
  ] as const)('is not disproved by %s', (_what, operation, sentAt) => {
    const row = suspectedRow();
    row.succeed(MINUTE, operation, sentAt);
    row.refuse(end);
    expect(row.phase(end)).toBe('frozen');
  });
});

describe('a freeze', () => {
  const began = 7 * SECOND;
  const end = began + p.incidentFreezeMs;

  test('believes nothing, also of accounts that were believed before', () => {
    const row = frozenRow();
    const [first] = row.state.refusals;
    expect(row.refuse(10 * SECOND, 'obtain', first?.at).believed).toBe(false);
    row.refuseMany(30, 10 * SECOND, SECOND);
    expect(row.believed).toBe(5);
  });

  test('admits one account in 60 s: a refused one, or one that somebody waits for', () => {
    const row = frozenRow();
    expect(row.ask(10 * SECOND, { refused: true })).toBe(began + MINUTE);
    expect(row.ask(10 * SECOND)).toBe(10 * SECOND + MINUTE);
    expect(row.ask(2 * MINUTE)).toBe(3 * MINUTE);
    expect(row.ask(2 * MINUTE, { urgent: true })).toBe('now');
    expect(row.ask(2 * MINUTE, { refused: true })).toBe(3 * MINUTE);
    expect(row.ask(3 * MINUTE, { refused: true, operation: 'obtain' })).toBe('now');
  });

  test('nobody waits for longer than it lasts', () => {
    expect(frozenRow().ask(end - SECOND)).toBe(end);
  });

  test('of logins alone leaves refreshes alone', () => {
    const row = new Row(40);
    row.refuseMany(8, 0, SECOND, 'obtain');
    expect(row.ask(10 * SECOND)).toBe('now');
    expect(row.ask(10 * SECOND, { operation: 'obtain' })).not.toBe('now');
  });

  test('ends with a success; the next no is believed, and the next five only', () => {
    const row = frozenRow();
    row.succeed(MINUTE);
    expect(row.phase(MINUTE)).toBe('calm');
    row.refuseMany(7, 2 * MINUTE, SECOND);
    expect(row.believed).toBe(5 + 5);
    expect(row.phase(3 * MINUTE)).toBe('suspected');
  });

  test('ends after 15 min: then such refusals are true, however many', () => {
    const row = frozenRow();
    expect(row.phase(end - 1)).toBe('frozen');
    expect(row.phase(end)).toBe('calm');
    row.refuseMany(40, end, 30 * SECOND);
    expect(row.believed).toBe(5 + 40);
  });

  test('that ran out says nothing about logins: their refusals are counted anew', () => {
    const row = frozenRow();
    row.refuseMany(4, end, SECOND, 'obtain');
    expect(row.believed).toBe(5 + 4);
    row.refuseMany(4, end + 10 * SECOND, SECOND, 'obtain');
    expect(row.phase(end + 20 * SECOND)).toBe('frozen');
    const again = end + 20 * SECOND + p.incidentFreezeMs;
    row.refuseMany(40, again, SECOND, 'obtain');
    row.refuseMany(40, again, SECOND, 'refresh');
    expect(row.believed).toBe(5 + 5 + 80);
  });

  test('is followed by one login in 5 s, for long enough that everybody had a turn', () => {
    const row = frozenRow();
    row.succeed(MINUTE);
    const login = { operation: 'obtain' } as const;
    expect(row.ask(MINUTE, login)).toBe('now');
    expect(row.ask(MINUTE, login)).toBe(MINUTE + 5 * SECOND);
    expect(row.ask(MINUTE)).toBe('now');
    expect(row.ask(MINUTE + 5 * SECOND, login)).toBe('now');
    const quiet = MINUTE + p.incidentFreezeMs + 40 * 5 * SECOND;
    expect(row.ask(quiet - 1, login)).toBe('now');
    expect(row.ask(quiet - 1, login)).not.toBe('now');
    expect(row.ask(quiet, login)).toBe('now');
    expect(row.ask(quiet, login)).toBe('now');
  });
});

describe('a verdict', () => {
  test('of an incident is void, from its first refusal to its end', () => {
    const row = frozenRow();
    expect(row.review(0, MINUTE)).toEqual({ kind: 'void', cause: 'refresh' });
    row.succeed(2 * MINUTE);
    expect(row.review(4 * SECOND, 20 * MINUTE)).toEqual({ kind: 'void', cause: 'refresh' });
    expect(row.review(-SECOND, 20 * MINUTE)).toEqual({ kind: 'final' });
    expect(row.review(3 * MINUTE, 20 * MINUTE)).toEqual({ kind: 'final' });
  });

  test('is open until no incident can begin with it any more', () => {
    const row = new Row(40);
    row.refuse(0);
    expect(row.review(0, 14 * MINUTE)).toEqual({ kind: 'open', retryAt: start + 15 * MINUTE });
    expect(row.review(0, 15 * MINUTE)).toEqual({ kind: 'final' });
  });

  test('of an incident that came back is void as well', () => {
    const row = frozenRow();
    row.succeed(2 * MINUTE);
    row.refuseMany(8, 3 * MINUTE, SECOND);
    expect(row.phase(4 * MINUTE)).toBe('frozen');
    expect(row.review(0, 5 * MINUTE)).toMatchObject({ kind: 'void' });
    expect(row.review(3 * MINUTE, 5 * MINUTE)).toMatchObject({ kind: 'void' });
  });

  test('of an incident of the day before is not', () => {
    const row = frozenRow();
    row.succeed(2 * MINUTE);
    row.refuseMany(8, 24 * 60 * MINUTE, SECOND);
    expect(row.review(0, 25 * 60 * MINUTE)).toEqual({ kind: 'final' });
  });
});

describe('whatever happens,', () => {
  const step = fc.record({
    gapMs: fc.nat(4 * MINUTE),
    what: fc.constantFrom('refuse', 'ask', 'succeed'),
    operation: fc.constantFrom('refresh', 'obtain'),
    refused: fc.boolean(),
  });

  test('no more than five are believed before a freeze or a success, and probes are 60 s apart', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 5, max: 200 }),
        (steps, n) => {
          const row = new Row(n);
          let after = 0;
          let lastProbe = Number.NEGATIVE_INFINITY;
          for (const { gapMs, what, operation, refused } of steps) {
            after += gapMs;
            const was = settled(row.state, start + after, p);
            if (what === 'succeed') row.succeed(after, operation);
            else if (what === 'refuse') {
              const { believed } = row.refuse(after, operation);
              expect(believed && was.phase !== 'calm').toBe(false);
              const counts = was.phase === 'calm' && was.aftermath === undefined;
              const before = was.refusals.filter((each) => each.believed).length;
              if (believed && counts) expect(before).toBeLessThan(p.incidentAccounts);
            } else if (row.ask(after, { operation, refused, urgent: true }) === 'now') {
              const frozen =
                was.phase === 'frozen' && (operation === 'obtain' || was.cause === operation);
              if (!frozen) continue;
              expect(after - lastProbe).toBeGreaterThanOrEqual(p.incidentProbeMs);
              lastProbe = after;
            }
            expect(row.state.refusals.length).toBeLessThanOrEqual(1_000);
            expect(JSON.parse(JSON.stringify(row.state))).toEqual(row.state);
          }
        },
      ),
    );
  });

  test('a quiet hour and a half later nothing is left of it but the span of the last incident', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const row = new Row(40);
        let after = 0;
        for (const { gapMs, what, operation, refused } of steps) {
          after += gapMs;
          if (what === 'succeed') row.succeed(after, operation);
          else if (what === 'refuse') row.refuse(after, operation);
          else row.ask(after, { operation, refused });
        }
        const later = settled(row.state, start + after + 90 * MINUTE, p);
        const rest = { span: undefined, known: 40 };
        expect({ ...later, ...rest }).toEqual({ ...noIncident, ...rest });
      }),
    );
  });
});

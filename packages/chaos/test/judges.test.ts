import { describe, expect, test } from '@jest/globals';
import { defaultParameters } from '@tokenkeep/core';
import { enoughRenewals, undisturbed } from '../src/chaos-run.js';
import type { Evidence } from '../src/evidence.js';
import { generations } from '../src/judge/generations.js';
import { healed } from '../src/judge/healed.js';
import { judge } from '../src/judge/judge.js';
import { livingTokens } from '../src/judge/living-tokens.js';
import { loginBudgets } from '../src/judge/login-budget.js';
import { explainedLosses, keptPairs, lostRotations } from '../src/judge/lost-rotations.js';
import { nothingLeft } from '../src/judge/nothing-left.js';
import { requestRates } from '../src/judge/request-rates.js';
import { secretsKept } from '../src/judge/secrets-kept.js';
import { singleSend } from '../src/judge/single-send.js';
import { attempt, goodEvidence, handed, login, refresh, withEntries } from './doctored-evidence.js';

test('nothing is held against a run in which all is well', () => {
  const broken = judge(goodEvidence()).flatMap((verdict) => verdict.broken);
  expect(broken).toEqual([]);
});

describe('I1', () => {
  const twice = [login(1_000, 1), refresh(8_000, 1), refresh(9_000, 1, { attemptId: 'again' })];

  test('a refresh token that left twice, where it may leave once', () => {
    expect(singleSend(withEntries(twice)).broken).toHaveLength(1);
  });

  test('a second time is allowed where the profile resends, while the first is in doubt', () => {
    const evidence = withEntries(twice, { inDoubt: 'resend-once' });
    const inDoubt = { keptAt: undefined, endedAt: undefined };
    (evidence.attempts as Map<string, unknown>).set(
      'refresh-1',
      attempt('refresh-1', 8_000, inDoubt),
    );
    expect(singleSend(evidence).broken).toEqual([]);
  });

  test('... and not by an attempt that began after the reply to the first had been kept', () => {
    const evidence = withEntries(twice, { inDoubt: 'resend-once' });
    (evidence.attempts as Map<string, unknown>).set('again', attempt('again', 9_000));
    expect(singleSend(evidence).broken).toHaveLength(1);
  });

  test('a third time is never allowed', () => {
    const thrice = [...twice, refresh(10_000, 1, { attemptId: 'once more' })];
    const evidence = withEntries(thrice, { inDoubt: 'resend-once' });
    evidence.attempts.get('refresh-1')!.keptAt = undefined;
    expect(singleSend(evidence).broken).toHaveLength(1);
  });

  test('a reply that proves that nothing was done does not count, unless it was cut', () => {
    const throttled = { outcome: 'faulted', status: 429, attemptId: 'throttled' } as const;
    const evidence = withEntries([refresh(7_000, 1, throttled), refresh(8_000, 1)]);
    expect(singleSend(evidence).broken).toEqual([]);
    const cut = { attemptId: 'throttled', trouble: 'reset-reply', delivered: true };
    (evidence.cuts as Map<string, unknown>).set('throttled', cut);
    expect(singleSend(evidence).broken).toHaveLength(1);
  });
});

describe('I2', () => {
  test('requests beyond the cap of an hour', () => {
    const { capWindowMs } = defaultParameters;
    const often = Array.from({ length: 2_000 }, (_, index) =>
      refresh(index * (capWindowMs / 2_000), index),
    );
    expect(requestRates(withEntries(often), defaultParameters).broken).toHaveLength(1);
  });

  test('a dozen requests in the time of ten gaps', () => {
    const fast = Array.from({ length: 12 }, (_, index) => refresh(1_000 + index * 100, index));
    expect(requestRates(withEntries(fast), defaultParameters).broken).toHaveLength(1);
    expect(requestRates(withEntries(fast.slice(1)), defaultParameters).broken).toEqual([]);
  });
});

describe('I3, I8', () => {
  test('a token that callers were handed after its end at the server', () => {
    const evidence = { ...goodEvidence(), handed: [handed(1, 10_950)] };
    expect(livingTokens(evidence).broken).toHaveLength(1);
  });

  test('a token that was issued to nobody of this name', () => {
    const evidence = { ...goodEvidence(), handed: [handed(1, 2_000, { print: 'of another' })] };
    expect(livingTokens(evidence).broken).toHaveLength(1);
  });
});

describe('I4', () => {
  test('a process that hands out an older generation after a newer one', () => {
    const evidence = { ...goodEvidence(), handed: [handed(2, 9_000), handed(1, 10_000)] };
    expect(generations(evidence).broken).toHaveLength(1);
  });

  test('a record that stands below what was handed out', () => {
    const good = goodEvidence();
    const healing = good.healing.map((each) => ({ ...each, generation: 2 }));
    expect(generations({ ...good, healing }).broken).toHaveLength(1);
  });

  test('a generation whose tokens came in two replies', () => {
    const evidence = { ...goodEvidence(), handed: [handed(2, 9_000, { print: 'print-1' })] };
    expect(generations(evidence).broken).toHaveLength(1);
  });
});

test('I5 one login more than the quota of a window', () => {
  const logins = [1, 2, 3, 4].map((generation) => login(generation * 10_000, generation));
  expect(loginBudgets(withEntries(logins)).broken).toHaveLength(1);
  expect(loginBudgets(withEntries(logins.slice(1))).broken).toEqual([]);
});

test('I6 a login in place of a pair that was kept', () => {
  const good = goodEvidence().servers[0]!.entries;
  const evidence = withEntries([...good, login(18_000, 4, { family: 2 })]);
  const healing = evidence.healing.map((each) => ({ ...each, print: 'print-4' }));
  expect(keptPairs({ ...evidence, healing }).broken).toHaveLength(1);
});

test('I6 ... which is explained by a request that presented it and did not arrive', () => {
  const good = goodEvidence().servers[0]!.entries;
  const evidence = withEntries([...good, login(18_000, 4, { family: 2 })]);
  const healing = evidence.healing.map((each) => ({ ...each, print: 'print-4' }));
  const attempts = new Map([
    ...evidence.attempts,
    ['lost', attempt('lost', 17_000, { generation: 3 })],
  ]);
  const cuts = new Map([['lost', { attemptId: 'lost', trouble: 'swallow', delivered: false }]]);
  expect(keptPairs({ ...evidence, healing, attempts, cuts }).broken).toEqual([]);
  // One that had presented the token before this one explains nothing.
  attempts.set('lost', attempt('lost', 17_000, { generation: 2 }));
  expect(keptPairs({ ...evidence, healing, attempts, cuts }).broken).toHaveLength(1);
});

test('I7 a secret in a file', () => {
  expect(secretsKept({ ...goodEvidence(), leaks: ['a log'] }).broken).toHaveLength(1);
});

test('I9 a process that does not end', () => {
  expect(nothingLeft({ ...goodEvidence(), survivors: ['engine-1'] }).broken).toHaveLength(1);
});

describe('I12', () => {
  const unserved = (answer: Evidence['healing'][number]['answer']) => {
    const good = goodEvidence();
    return {
      ...good,
      healing: good.healing.map((each) => ({ ...each, afterMs: undefined, answer })),
    };
  };

  test('an account that does not come back', () => {
    expect(healed(unserved({ account: 'ada', code: 'WAIT_TIMED_OUT' })).broken).toHaveLength(1);
  });

  test('... and one that waits for a reason that is none', () => {
    const answer = { account: 'ada', code: 'GUARD_REFUSED', reason: 'backoff', retryInMs: 9_000 };
    expect(healed(unserved(answer)).broken).toHaveLength(1);
  });

  test('one that says when its budget is filled again is well', () => {
    const answer = { account: 'ada', code: 'BUDGET_EXHAUSTED', retryInMs: 9_000 };
    expect(healed(unserved(answer)).broken).toEqual([]);
  });
});

describe('a lost rotation', () => {
  /** The second rotation was processed, and the account had to log in. */
  function withLoss(): Evidence {
    const good = goodEvidence().servers[0]!.entries;
    const evidence = withEntries([...good, login(18_000, 4, { family: 2 })]);
    const attempts = new Map(evidence.attempts);
    const inFlight = { keptAt: undefined, endedAt: undefined, point: 'CP4' };
    attempts.set('refresh-2', attempt('refresh-2', 15_000, inFlight));
    const healing = evidence.healing.map((each) => ({ ...each, print: 'print-4' }));
    return { ...evidence, attempts, healing };
  }

  test('is a failure when nothing on record explains it', () => {
    expect(lostRotations(withLoss())).toMatchObject([{ generation: 3, because: undefined }]);
    expect(explainedLosses(withLoss()).broken).toHaveLength(1);
  });

  test('is explained by a kill of the process that had asked for it', () => {
    const lives = [{ name: 'engine-1', startedAt: 0, killedAt: 15_500 }];
    expect(explainedLosses({ ...withLoss(), lives }).broken).toEqual([]);
  });

  test('... and not by a kill after the attempt had come to its end', () => {
    const evidence = withLoss();
    evidence.attempts.get('refresh-2')!.endedAt = 15_400;
    const lives = [{ name: 'engine-1', startedAt: 0, killedAt: 15_500 }];
    expect(explainedLosses({ ...evidence, lives }).broken).toHaveLength(1);
  });

  test('... nor by the kill of another process', () => {
    const lives = [
      { name: 'engine-1', startedAt: 0, killedAt: undefined },
      { name: 'engine-2', startedAt: 0, killedAt: 15_500 },
    ];
    expect(explainedLosses({ ...withLoss(), lives }).broken).toHaveLength(1);
  });

  test('is explained by a cut reply of that attempt, and not of another', () => {
    const cut = { trouble: 'reset-reply', delivered: true };
    const of = (attemptId: string) => new Map([[attemptId, { attemptId, ...cut }]]);
    expect(explainedLosses({ ...withLoss(), cuts: of('refresh-2') }).broken).toEqual([]);
    expect(explainedLosses({ ...withLoss(), cuts: of('refresh-1') }).broken).toHaveLength(1);
  });

  test('is none where the pair is in the record in the end, or was presented later', () => {
    expect(lostRotations(goodEvidence())).toEqual([]);
  });
});

test('in an undisturbed run nothing is lost, whatever explains it', () => {
  expect(undisturbed(goodEvidence()).broken).toEqual([]);
  const evidence = goodEvidence();
  evidence.attempts.get('refresh-2')!.keptAt = undefined;
  evidence.attempts.get('refresh-2')!.endedAt = undefined;
  const healing = evidence.healing.map((each) => ({ ...each, print: undefined }));
  const lives = [{ name: 'engine-1', startedAt: 0, killedAt: 15_500 }];
  expect(undisturbed({ ...evidence, healing, lives }).broken).toHaveLength(1);
});

test('an engine that does little has not shown much', () => {
  const control = goodEvidence();
  const chaos = withEntries([login(1_000, 1)]);
  expect(enoughRenewals(control, chaos).broken).toHaveLength(1);
  expect(enoughRenewals(control, control).broken).toEqual([]);
});

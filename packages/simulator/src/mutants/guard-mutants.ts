import { both, edit, type Mutant } from './mutant.js';

const guard = 'guard/guard.ts';

const noForcedGap: Mutant = {
  id: 'no-forced-gap',
  title: 'a refused token is replaced as often as it is refused',
  breaks: ['I2'],
  edits: [edit(guard, 'forcedGap(state, request, p) ??', '')],
};

const noCaps: Mutant = {
  id: 'no-caps',
  title: 'nobody counts the requests of an hour',
  breaks: ['I2'],
  edits: [
    edit(
      guard,
      'forcedGap(state, request, p) ??\n    caps(state, request, p);',
      'forcedGap(state, request, p);',
    ),
  ],
  survives:
    'backoff and the forced gap keep an account below its hourly cap. ' +
    'guard.test.ts has the rule',
};

const noBackoff: Mutant = {
  id: 'no-backoff',
  title: 'a failure is followed by the next try at once',
  breaks: ['I2'],
  edits: [
    edit(
      guard,
      'notBefore: now + (floored ? floor.ms : wait),',
      'notBefore: now + (floored ? floor.ms : 0),',
    ),
  ],
};

export const guardMutants: readonly Mutant[] = [
  noBackoff,
  {
    id: 'retry-after-ignored',
    title: 'what the server says about when to come again is not heard',
    breaks: ['I2'],
    edits: [
      edit(
        guard,
        'const floored = floor !== undefined && floor.ms > wait;',
        'const floored = false;',
      ),
    ],
  },
  {
    id: 'guard-in-memory',
    title: 'the guard goes by what its process remembers, not by the record',
    breaks: ['I2'],
    edits: [
      edit(
        'renewal/renewal-run.ts',
        'const verdict = judge(record.guard, { ...request, now }, services.parameters);',
        'const own = ((services as { guards?: Map<string, typeof record.guard> }).guards ??= new Map());\n    const verdict = judge(own.get(account.id) ?? { failures: 0, slots: [], ambiguous: 0 }, { ...request, now }, services.parameters);',
      ),
      edit(
        'renewal/attempt.ts',
        'decideAgain = after.decideAgain;',
        'decideAgain = after.decideAgain;\n          ((services as { guards?: Map<string, unknown> }).guards ??= new Map()).set(account.id, after.record.guard);',
      ),
    ],
  },
  noForcedGap,
  noCaps,
  both('no-forced-gap-no-caps', 'neither the forced gap nor the caps hold', ['I2'], {
    ...noForcedGap,
    edits: [
      edit(guard, 'forcedGap(state, request, p) ??\n    caps(state, request, p);', 'undefined;'),
    ],
  }),
  {
    id: 'failures-not-counted',
    title: 'a backoff never grows',
    breaks: ['I2'],
    edits: [
      edit(
        guard,
        'failures: state.failures + 1,\n    notBefore: now',
        'failures: 0,\n    notBefore: now',
      ),
    ],
  },
];

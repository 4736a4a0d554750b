import { describe, expect, test } from '@jest/globals';
import { everyMutant } from '../src/mutants/every-mutant.js';
import { edit, type Mutant } from '../src/mutants/mutant.js';
import { mutatedFiles } from '../src/mutants/mutated-source.js';

const mortal = everyMutant.filter(({ survives }) => survives === undefined);

describe('the mutants', () => {
  test('each fits the engine as it stands', () => {
    for (const mutant of everyMutant) expect(mutatedFiles(mutant).size).toBeGreaterThan(0);
  });

  test('one that no longer fits is an error, and no survivor', () => {
    const lost: Mutant = {
      id: 'lost',
      title: 'changes what is not there',
      breaks: ['I1'],
      edits: [edit('renewal/claim.ts', 'nobody would write this', '')],
    };
    const vague: Mutant = { ...lost, edits: [edit('renewal/claim.ts', 'const ', 'let ')] };
    expect(() => mutatedFiles(lost)).toThrow(
      'Mutant "lost" does not fit renewal/claim.ts any more',
    );
    expect(() => mutatedFiles(vague)).toThrow(
      'Mutant "lost" does not fit renewal/claim.ts any more',
    );
  });

  test('there are enough of them, each with a name of its own', () => {
    expect(new Set(everyMutant.map(({ id }) => id)).size).toBe(everyMutant.length);
    expect(mortal.length).toBeGreaterThanOrEqual(40);
  });
});

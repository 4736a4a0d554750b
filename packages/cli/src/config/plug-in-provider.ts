import {
  checkProvider,
  PROVIDER_CONTRACT,
  type Secret,
  scrub,
  type TokenProvider,
} from '@tokenkeep/core';
import { atOnce } from './at-once.js';
import type { LoadedPlugIn, PlugIn } from './plug-ins.js';
import type { FoundProblem } from './schema-problems.js';
import { standardProblems } from './standard-problems.js';
import { kindInWords, wordsOfThrown } from './words-of-thrown.js';

export interface PlugInUse {
  /** Of the provider in the config. */
  readonly name: string;
  readonly use: string;
  /** Members beside `use`, references resolved. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What no word of the plug-in may quote. */
  readonly secrets: readonly Secret[];
}

export interface MadeProvider {
  readonly provider?: TokenProvider;
  readonly problems: readonly FoundProblem[];
}

/** The provider that a plug-in makes of its options, or why it does not. */
export function plugInProvider(plugIn: LoadedPlugIn, given: PlugInUse): MadeProvider {
  const at = ['providers', given.name];
  const says = (problem: Omit<FoundProblem, 'path'>, path = [...at, 'use']): MadeProvider => ({
    problems: [{ path, ...problem }],
  });
  if ('problem' in plugIn) return says(plugIn.problem);
  if ('thrown' in plugIn) {
    const hint = wordsOfThrown(plugIn.thrown, given.secrets);
    return says({ message: 'The code of this package cannot be loaded.', hint });
  }
  let made: unknown;
  try {
    const wrong = optionProblems(plugIn, given);
    if (wrong.length > 0) return { problems: wrong };
    made = plugIn.make({ ...given.options, id: given.name });
  } catch (thrown) {
    const hint = wordsOfThrown(thrown, given.secrets);
    return says({ message: 'This provider cannot be made.', hint }, at);
  }
  return problemOf(made, given, says) ?? { provider: made as TokenProvider, problems: [] };
}

/** A schema may know the `id`, or not: it is no member of the file. */
function optionProblems({ optionsSchema }: PlugIn, { name, options }: PlugInUse): FoundProblem[] {
  if (optionsSchema === undefined) return [];
  return standardProblems(optionsSchema, { ...options, id: name })
    .filter(({ path }) => path[0] !== 'id')
    .map((problem) => ({ ...problem, path: ['providers', name, ...problem.path] }));
}

type Says = (problem: Omit<FoundProblem, 'path'>) => MadeProvider;

function problemOf(made: unknown, given: PlugInUse, says: Says): MadeProvider | undefined {
  try {
    // One that is made later is no provider, and fails unseen.
    atOnce(made);
    const wrong = contractProblem(made, given.use);
    if (wrong !== undefined) return says(wrong);
    checkProvider(made as TokenProvider);
    const { id } = made as TokenProvider;
    if (id === given.name) return undefined;
    const message = `This provider has the id "${scrub(id, given.secrets)}", and is named ${given.name} here.`;
    return says({ message, hint: 'Give it that name here. Or its author has to take "id".' });
  } catch (thrown) {
    const message = 'What this package makes is no provider.';
    return says({ message, hint: wordsOfThrown(thrown, given.secrets) });
  }
}

function contractProblem(made: unknown, use: string): Omit<FoundProblem, 'path'> | undefined {
  if (typeof made !== 'object' || made === null || made instanceof Promise) {
    const message = `What this package makes is no provider but ${kindInWords(made)}.`;
    return { message, hint: 'Its author has to return a provider at once.' };
  }
  const { contract } = made as { contract?: unknown };
  if (contract === PROVIDER_CONTRACT) return undefined;
  if (typeof contract !== 'number') {
    const message = 'What this package makes is no provider: it states no contract.';
    return { message, hint: 'Its author has to state contract: PROVIDER_CONTRACT.' };
  }
  return {
    message: `This package was made for contract ${contract}; this tokenkeep speaks ${PROVIDER_CONTRACT}.`,
    hint:
      contract > PROVIDER_CONTRACT
        ? `Update tokenkeep, or install an older version of ${use}.`
        : `Install a newer version of ${use}.`,
  };
}

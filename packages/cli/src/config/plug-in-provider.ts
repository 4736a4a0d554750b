import {
  checkProvider,
  PROVIDER_CONTRACT,
  printable,
  type Secret,
  scrub,
  TokenError,
  type TokenProvider,
} from '@tokenkeep/core';
import type { LoadedPlugIn, PlugIn } from './plug-ins.js';
import type { FoundProblem } from './schema-problems.js';
import { standardProblems } from './standard-problems.js';

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

const LONGEST = 400;
/** A dependency of another version, as Node says it. */
const NO_EXPORT = /^The requested module '[^']+' does not provide an export named '[\w$]+'$/;

/** The provider that a plug-in makes of its options, or why it does not. */
export function plugInProvider(plugIn: LoadedPlugIn, given: PlugInUse): MadeProvider {
  const at = ['providers', given.name];
  const says = (problem: Omit<FoundProblem, 'path'>, path = [...at, 'use']): MadeProvider => ({
    problems: [{ path, ...problem }],
  });
  if ('problem' in plugIn) return says(plugIn.problem);
  if ('thrown' in plugIn) {
    const hint = wordsOfThrown(plugIn.thrown, given);
    return says({ message: 'The code of this package cannot be loaded.', hint });
  }
  let made: unknown;
  try {
    const wrong = optionProblems(plugIn, given);
    if (wrong.length > 0) return { problems: wrong };
    made = plugIn.make({ ...given.options, id: given.name });
  } catch (thrown) {
    const hint = wordsOfThrown(thrown, given);
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
    const wrong = contractProblem(made, given.use);
    if (wrong !== undefined) return says(wrong);
    checkProvider(made as TokenProvider);
    const { id } = made as TokenProvider;
    if (id === given.name) return undefined;
    const message = `This provider has the id "${scrub(id, given.secrets)}", and is named ${given.name} here.`;
    return says({ message, hint: 'Give it that name here. Or its author has to take "id".' });
  } catch (thrown) {
    const message = 'What this package makes is no provider.';
    return says({ message, hint: wordsOfThrown(thrown, given) });
  }
}

function contractProblem(made: unknown, use: string): Omit<FoundProblem, 'path'> | undefined {
  if (typeof made !== 'object' || made === null || made instanceof Promise) {
    const kind = made instanceof Promise ? 'a promise' : made === null ? 'null' : typeof made;
    const message = `What this package makes is no provider but ${kind}.`;
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

/**
 * A `TokenError`, and what Node says of modules, in their words, cleaned. Of any other error only
 * the name and the place are told: its text may quote what it failed on.
 */
function wordsOfThrown(thrown: unknown, { secrets }: PlugInUse): string {
  const { message, code, stack } = (thrown ?? {}) as Record<string, unknown>;
  const ofNode = typeof code === 'string' && code.startsWith('ERR_');
  if (typeof message === 'string' && (TokenError.is(thrown) || ofNode || NO_EXPORT.test(message))) {
    return printable(scrub(message, secrets), LONGEST);
  }
  const [place = ''] = (typeof stack === 'string' ? stack.match(/file:\/\/\S+?:\d+/) : null) ?? [];
  const where = place === '' ? '' : ` in ${place}`;
  return printable(
    scrub(`It threw ${kindOf(thrown)}${where}. That is a bug in it.`, secrets),
    LONGEST,
  );
}

/** The class of what was thrown: a name of its own making might be anything. */
function kindOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return `a ${typeof thrown}`;
  const { name } = thrown.constructor ?? Object;
  const shown = /^[A-Za-z][A-Za-z0-9]{0,40}$/.test(name) ? name : 'object';
  return `${/^[AEIOUaeiou]/.test(shown) ? 'an' : 'a'} ${shown}`;
}

import type { Readable, Writable } from 'node:stream';
import { type CANCEL_SYMBOL, confirm, isCancel, select, text } from '@clack/prompts';
import { CommandLineError } from './command-line-error.js';
import {
  baseUrlProblem,
  defaultBaseUrl,
  defaultRefreshToken,
  nameProblem,
  type ProviderChoices,
  plainBaseUrl,
  type RefreshTokenKind,
  refreshTokenKinds,
  shortName,
} from './provider-choices.js';

/** As typed. What is not given is asked for, or has a default. */
export interface GivenChoices {
  readonly name?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly revocation?: boolean | undefined;
}

/** Where a person is asked, and answers. */
export interface Person {
  readonly input: Readable;
  readonly output: Writable;
}

/** `signal`: they left, by Ctrl-D or with their terminal. */
interface AskedPerson extends Person {
  readonly signal: AbortSignal;
}

/**
 * From the command line, and from a person where there is one. `undefined`: changed their mind.
 *
 * @throws CommandLineError what is given is wrong, before anything is asked, or there is no name
 *   and nobody to ask
 */
export async function choicesOf(
  given: GivenChoices,
  person: Person | undefined,
): Promise<ProviderChoices | undefined> {
  refuseWrong(given);
  if (person === undefined) return askedChoices(given, undefined);
  const left = new AbortController();
  const leave = () => left.abort();
  const onKey = (_: unknown, key?: { ctrl?: boolean; name?: string }) => {
    if (key?.ctrl === true && key.name === 'd') leave();
  };
  person.input.on('keypress', onKey).once('end', leave);
  try {
    return await askedChoices(given, { ...person, signal: left.signal });
  } finally {
    person.input.off('keypress', onKey).off('end', leave);
  }
}

async function askedChoices(
  given: GivenChoices,
  person: AskedPerson | undefined,
): Promise<ProviderChoices | undefined> {
  const typed = given.name ?? (person ? await askName(person) : missingName());
  if (typed === undefined) return undefined;
  const name = shortName(typed.trim());
  const example = defaultBaseUrl(name);
  const baseUrl = given.baseUrl ?? (person ? await askBaseUrl(person, example) : example);
  if (baseUrl === undefined) return undefined;
  const kind = given.refreshToken ?? (person ? await askRefreshToken(person) : defaultRefreshToken);
  if (kind === undefined) return undefined;
  const revocation = given.revocation ?? (person ? await askRevocation(person) : false);
  if (revocation === undefined) return undefined;
  const refreshToken = kind as RefreshTokenKind;
  return { name, baseUrl: plainBaseUrl(baseUrl), refreshToken, revocation };
}

function refuseWrong({ name, baseUrl, refreshToken }: GivenChoices): void {
  const kindProblem = `The kind of refresh token is one of: ${refreshTokenKinds.join(', ')}.`;
  const isKind = refreshTokenKinds.some((kind) => kind === refreshToken);
  const problem =
    (name === undefined ? undefined : nameProblem(shortName(name))) ??
    (baseUrl === undefined ? undefined : baseUrlProblem(baseUrl)) ??
    (refreshToken === undefined || isKind ? undefined : kindProblem);
  if (problem !== undefined) throw new CommandLineError(problem);
}

function missingName(): never {
  throw new CommandLineError('Say the name: npm create tokenkeep-provider acme');
}

async function askName(person: AskedPerson): Promise<string | undefined> {
  return answered(
    await text({
      ...person,
      message: 'Whose tokens are they? A short name of the vendor',
      placeholder: 'acme',
      validate: (answer = '') => nameProblem(shortName(answer.trim())),
    }),
  );
}

async function askBaseUrl(person: AskedPerson, example: string): Promise<string | undefined> {
  return answered(
    await text({
      ...person,
      message: 'Where is its API?',
      placeholder: example,
      defaultValue: example,
      validate: (answer = '') => (answer === '' ? undefined : baseUrlProblem(answer)),
    }),
  );
}

async function askRefreshToken(person: AskedPerson): Promise<RefreshTokenKind | undefined> {
  return answered(
    await select<RefreshTokenKind>({
      ...person,
      message: 'Which refresh tokens does it issue?',
      options: [
        { value: 'single-use', label: 'single use', hint: 'each refresh brings the next one' },
        { value: 'reusable', label: 'reusable' },
        { value: 'none', label: 'none', hint: 'the next token is another login' },
      ],
      initialValue: defaultRefreshToken,
    }),
  );
}

async function askRevocation(person: AskedPerson): Promise<boolean | undefined> {
  return answered(
    await confirm({ ...person, message: 'Can it be told to revoke a token?', initialValue: false }),
  );
}

function answered<Value>(answer: Value | typeof CANCEL_SYMBOL): Value | undefined {
  return isCancel(answer) ? undefined : answer;
}

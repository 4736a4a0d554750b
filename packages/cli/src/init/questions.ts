import { type CANCEL_SYMBOL, isCancel, password, select, text } from '@clack/prompts';
import { suggestion } from '../config/nearest-name.js';
import { isKind, type KindName, starterKinds } from '../config/provider-kinds.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  defaultChoices,
  EXAMPLE_URL,
  needsBaseUrl,
  plainMembers,
  type SecretFile,
  type SecretPlace,
  type StarterChoices,
} from './starter-config.js';

export interface InitOptions {
  /** A kind of provider. Asked for where a person is there. */
  readonly provider: string | undefined;
  /** Default: the kind of the provider. */
  readonly account: string | undefined;
  readonly baseUrl: string | undefined;
  /** Default: the platform's state folder. */
  readonly store: string | undefined;
  /** Where secrets come from. Default `env`. */
  readonly secrets: string | undefined;
  /** For the servers of `tokenkeep sandbox`. */
  readonly sandbox: boolean;
  /** Replace a file that is there. */
  readonly force: boolean;
  /** Ask nothing. */
  readonly yes: boolean;
}

/** A vendor's account, or the sandbox. */
export type Answers = StarterChoices | 'sandbox';

/** What a config of these choices would be refused for. */
export type CheckChoices = (choices: StarterChoices) => string | undefined;

/**
 * From the options, and from a person where there is one. `undefined`: changed their mind.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, `command_line`: an option is wrong, before anything
 *   is asked, or one is missing and nobody can be asked
 */
export async function answersOf(
  options: InitOptions,
  check: CheckChoices,
  terminal: Terminal,
): Promise<Answers | undefined> {
  const given = kindGiven(options.provider);
  const place = secretsGiven(options.secrets);
  refuseBadOptions(options, given ?? ANY_KIND, check);
  if (options.sandbox) return 'sandbox';
  const ask = terminal.canAsk && !options.yes;
  const io = { input: terminal.stdin, output: terminal.stderr };
  const kind = given ?? (ask ? await askKind(io) : undefined);
  if (kind === 'sandbox') return 'sandbox';
  if (kind === undefined) {
    if (ask) return undefined;
    throw commandLineError(
      `Say which provider: --provider ${starterKinds.join('|')}, or --sandbox.`,
    );
  }
  const { store } = options;
  let choices: StarterChoices = { ...defaultChoices(kind), store };
  const askFor = (
    message: string,
    change: (answer: string) => Partial<StarterChoices>,
    hints = {},
  ) => askText({ ...io, ...hints, message }, (answer) => check({ ...choices, ...change(answer) }));

  let { account, baseUrl } = options;
  if (account === undefined && ask) {
    const message = 'What do you call the account?';
    account = await askFor(message, (account) => ({ account }), { initialValue: kind });
    if (account === undefined) return undefined;
  }
  choices = { ...choices, ...(account === undefined ? {} : { account }) };
  if (baseUrl === undefined && needsBaseUrl(kind)) {
    if (!ask) throw commandLineError('Say where the server is: --base-url https://...');
    const message = 'Where is its server?';
    baseUrl = await askFor(message, (baseUrl) => ({ baseUrl }), { placeholder: EXAMPLE_URL });
    if (baseUrl === undefined) return undefined;
  }
  const secrets = place ?? (ask ? await askSecretPlace(io) : 'env');
  if (secrets === undefined) return undefined;
  choices = { ...choices, baseUrl, secrets };
  if (!ask) return choices;
  for (const member of plainMembers(kind)) {
    const { values } = choices;
    const change = (answer: string) => ({ values: new Map([...values, [member, answer]]) });
    const value = await askFor(`${member}:`, change);
    if (value === undefined) return undefined;
    choices = { ...choices, ...change(value) };
  }
  return choices;
}

/** Where no kind is chosen yet: what is asked of names and URLs is the same for all of them. */
const ANY_KIND: KindName = 'oauth20';

function refuseBadOptions(options: InitOptions, kind: KindName, check: CheckChoices): void {
  const { account, baseUrl, store } = options;
  const given: readonly (readonly [flag: string, change: Partial<StarterChoices>])[] = [
    ...(account === undefined ? [] : [['--account', { account }] as const]),
    ...(baseUrl === undefined ? [] : [['--base-url', { baseUrl }] as const]),
    ...(store === undefined ? [] : [['--store', { store }] as const]),
  ];
  for (const [flag, change] of given) {
    const mistake = check({ ...defaultChoices(kind), ...change });
    if (mistake !== undefined) throw commandLineError(`${flag} is wrong. ${mistake}`);
  }
}

interface PromptStreams {
  readonly input: Terminal['stdin'];
  readonly output: Terminal['stderr'];
}

async function askKind(io: PromptStreams): Promise<KindName | 'sandbox' | undefined> {
  const vendors = starterKinds.map((kind) => ({
    value: kind as KindName | 'sandbox',
    label: kind,
  }));
  const sandbox = { value: 'sandbox' as const, label: 'sandbox', hint: 'servers on this machine' };
  const message = 'Whose tokens are to be kept alive?';
  return answered(await select({ ...io, message, options: [...vendors, sandbox] }));
}

async function askSecretPlace(io: PromptStreams): Promise<SecretPlace | undefined> {
  return answered(
    await select<SecretPlace>({
      ...io,
      message: 'Where does the secret come from?',
      options: [
        { value: 'env', label: 'an environment variable' },
        { value: 'file', label: 'a file beside the config', hint: 'typed now, mode 0600' },
      ],
    }),
  );
}

interface TextQuestion extends PromptStreams {
  readonly message: string;
  readonly initialValue?: string;
  readonly placeholder?: string;
}

/** Trimmed. A mistake is told at once, below the question. */
async function askText(
  question: TextQuestion,
  mistakeIn: (answer: string) => string | undefined,
): Promise<string | undefined> {
  const validate = (answer = '') => notEmpty(answer) ?? mistakeIn(answer.trim());
  return answered(await text({ ...question, validate }))?.trim();
}

/** Typed by a person, for these files. Empty where nobody is asked. */
export async function typedSecrets(
  files: readonly SecretFile[],
  { yes }: InitOptions,
  terminal: Terminal,
): Promise<ReadonlyMap<string, string> | undefined> {
  const typed = new Map<string, string>();
  if (!terminal.canAsk || yes) return typed;
  for (const { member, file } of files) {
    const io = { input: terminal.stdin, output: terminal.stderr };
    const secret = answered(await password({ ...io, message: `${member}:`, validate: notEmpty }));
    if (secret === undefined) return undefined;
    typed.set(file, secret);
  }
  return typed;
}

function answered<Value>(answer: Value | typeof CANCEL_SYMBOL): Value | undefined {
  return isCancel(answer) ? undefined : answer;
}

function notEmpty(answer: string | undefined): string | undefined {
  return (answer ?? '').trim() === '' ? 'Something has to be here.' : undefined;
}

function kindGiven(name: string | undefined): KindName | undefined {
  if (name === 'http') {
    throw commandLineError(
      'A provider that is declared is written, not asked for: name its file in the config, as ' +
        '"providers: { acme: { use: http, file: ./acme.yaml } }".',
    );
  }
  if (name === undefined || isKind(name)) return name;
  throw commandLineError(
    `There is no provider ${plainText(name, 40)}. ${suggestion(name, starterKinds)}`,
  );
}

function secretsGiven(place: string | undefined): SecretPlace | undefined {
  if (place === undefined || place === 'env' || place === 'file') return place;
  throw commandLineError(
    'Secrets come from --secrets env or --secrets file. The secret itself is no option.',
  );
}

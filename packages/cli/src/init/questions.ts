import { type CANCEL_SYMBOL, isCancel, password, select, text } from '@clack/prompts';
import { suggestion } from '../config/nearest-name.js';
import { isKind, type KindName, kindNames } from '../config/provider-kinds.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  needsBaseUrl,
  plainMembers,
  type SecretPlace,
  type StarterChoices,
  type StarterCredential,
} from './starter-config.js';

export interface InitOptions {
  /** A kind of provider. Asked for where a person is there. */
  readonly provider: string | undefined;
  /** Default `main`. */
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

/** From the options, and from a person where there is one. `undefined`: changed their mind. */
export async function answersOf(
  options: InitOptions,
  terminal: Terminal,
): Promise<Answers | undefined> {
  if (options.sandbox) return 'sandbox';
  const ask = terminal.canAsk && !options.yes;
  const io = { input: terminal.stdin, output: terminal.stderr };
  const kind = kindGiven(options.provider) ?? (ask ? await askKind(io) : undefined);
  if (kind === 'sandbox') return 'sandbox';
  if (kind === undefined) {
    if (ask) return undefined;
    throw commandLineError(`Say which provider: --provider ${kindNames.join('|')}, or --sandbox.`);
  }
  let { account, baseUrl } = options;
  if (account === undefined && ask) {
    account = answered(
      await text({
        ...io,
        message: 'What do you call the account?',
        initialValue: 'main',
        validate: notEmpty,
      }),
    );
    if (account === undefined) return undefined;
  }
  if (baseUrl === undefined && needsBaseUrl(kind)) {
    if (!ask) throw commandLineError('Say where the server is: --base-url https://...');
    baseUrl = answered(
      await text({
        ...io,
        message: 'Where is its server?',
        placeholder: 'https://api.example.com',
        validate: notEmpty,
      }),
    );
    if (baseUrl === undefined) return undefined;
  }
  const secrets = secretsGiven(options.secrets) ?? (ask ? await askSecretPlace(io) : 'env');
  if (secrets === undefined) return undefined;
  const values = ask ? await askValues(kind, io) : new Map<string, string>();
  if (values === undefined) return undefined;
  return { kind, account: account ?? 'main', baseUrl, store: options.store, secrets, values };
}

interface PromptStreams {
  readonly input: Terminal['stdin'];
  readonly output: Terminal['stderr'];
}

async function askKind(io: PromptStreams): Promise<KindName | 'sandbox' | undefined> {
  const vendors = kindNames.map((kind) => ({ value: kind as KindName | 'sandbox', label: kind }));
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

async function askValues(
  kind: KindName,
  io: PromptStreams,
): Promise<ReadonlyMap<string, string> | undefined> {
  const values = new Map<string, string>();
  for (const member of plainMembers(kind)) {
    const value = answered(await text({ ...io, message: `${member}:`, validate: notEmpty }));
    if (value === undefined) return undefined;
    values.set(member, value.trim());
  }
  return values;
}

/** Typed by a person, for files that have to be written. Empty where nobody is asked. */
export async function typedSecrets(
  credentials: readonly StarterCredential[],
  { yes }: InitOptions,
  terminal: Terminal,
): Promise<ReadonlyMap<string, string> | undefined> {
  const typed = new Map<string, string>();
  if (!terminal.canAsk || yes) return typed;
  for (const { member, file } of credentials) {
    if (file === undefined) continue;
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
  if (name === undefined || isKind(name)) return name;
  throw commandLineError(
    `There is no provider ${plainText(name, 40)}. ${suggestion(name, kindNames)}`,
  );
}

function secretsGiven(place: string | undefined): SecretPlace | undefined {
  if (place === undefined || place === 'env' || place === 'file') return place;
  throw commandLineError(
    'Secrets come from --secrets env or --secrets file. The secret itself is no option.',
  );
}

import { stringify } from 'yaml';
import { isInsecureLoopback } from '../config/config-providers.js';
import { type KindName, kindOf, urlOptionOf } from '../config/provider-kinds.js';
import { sandboxConfigText } from '../sandbox/sandbox-world.js';

export type SecretPlace = 'env' | 'file';

export interface StarterChoices {
  readonly kind: KindName;
  readonly account: string;
  readonly baseUrl: string | undefined;
  readonly store: string | undefined;
  readonly secrets: SecretPlace;
  /** Members that are no secrets, and known: they stand in the file as they are. */
  readonly values: ReadonlyMap<string, string>;
}

/** A member of the starter's credentials, and what stands for it in the file. */
export interface StarterCredential {
  readonly member: string;
  readonly secret: boolean;
  /** What stands in the file. */
  readonly text: string;
  /** Where its value is to be put, unless it is there: a variable, or a file beside the config. */
  readonly variable?: string;
  readonly file?: string;
}

/** What a person need not say. A kind that needs a URL has one that stands for the real one. */
export function defaultChoices(kind: KindName): StarterChoices {
  return {
    kind,
    account: kind,
    baseUrl: needsBaseUrl(kind) ? EXAMPLE_URL : undefined,
    store: undefined,
    secrets: 'env',
    values: new Map(),
  };
}

/** Kinds that are made for no vendor, and have to be told where their server is. */
export function needsBaseUrl(kind: KindName): boolean {
  return !kindOf(kind).options.safeParse({}).success;
}

/** Members of the kind's login that are no secrets: what can be asked for and written down. */
export function plainMembers(kind: KindName): readonly string[] {
  return kindOf(kind).login.filter((member) => !kindOf(kind).secrets.includes(member));
}

export function starterCredentials(choices: StarterChoices): readonly StarterCredential[] {
  const { kind, account, secrets, values } = choices;
  return kindOf(kind).login.map((member) => {
    const secret = kindOf(kind).secrets.includes(member);
    const value = values.get(member);
    if (value !== undefined) return { member, secret, text: value.replaceAll('${', () => '$${') };
    if (secret && secrets === 'file') {
      const file = `./${fileName(account)}.${member}`;
      return { member, secret, file, text: `\${file:${file}}` };
    }
    const variable = `${constantName(kind)}_${constantName(member)}`;
    return { member, secret, variable, text: `\${${variable}}` };
  });
}

/** A file beside the config that a secret is to stand in. */
export interface SecretFile {
  readonly member: string;
  readonly file: string;
}

export function secretFiles(credentials: readonly StarterCredential[]): readonly SecretFile[] {
  return credentials.flatMap(({ member, file }) => (file === undefined ? [] : { member, file }));
}

export function starterText(choices: StarterChoices, editorLine: string): string {
  const { kind, account, baseUrl, store } = choices;
  const credentials = starterCredentials(choices).map(({ member, text }) => [member, text]);
  const data = {
    ...(store === undefined ? {} : { store }),
    ...(isInsecureLoopback(baseUrl) ? { allowInsecureLoopback: true } : {}),
    providers: {
      [kind]: { use: kind, ...(baseUrl === undefined ? {} : { [urlOptionOf(kind)]: baseUrl }) },
    },
    accounts: { [account]: { provider: kind, credentials: Object.fromEntries(credentials) } },
  };
  return `${editorLine}${store === undefined ? WITHOUT_STORE : ''}${stringify(data)}`;
}

/** The path itself would be wrong once the file is moved. */
const WITHOUT_STORE =
  '# "store" says where tokens are kept. Without it: in the state folder of this user, apart for\n' +
  '# each configuration; `tokenkeep doctor` says where.\n';

/** For `tokenkeep sandbox`. With a store of its own: its accounts are none of the vendor's. */
export function sandboxText(store: string | undefined, editorLine: string): string {
  const about =
    '# For `tokenkeep sandbox`: servers on this machine, and logins that open nothing else.\n';
  return `${editorLine}${about}${stringify({ store: store ?? SANDBOX_STORE })}${sandboxConfigText()}`;
}

export const EXAMPLE_URL = 'https://api.example.com';
const SANDBOX_STORE = './.tokenkeep/sandbox.db';

/** `appId` becomes `APP_ID`, `auth-refresh` becomes `AUTH_REFRESH`. */
function constantName(name: string): string {
  return name
    .replace(/[A-Z]/g, '_$&')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

function fileName(account: string): string {
  return account.replace(/[^\w-]+/g, '_');
}

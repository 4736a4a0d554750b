import { stringify } from 'yaml';
import { defaultStorePath } from '../config/find-config.js';
import { type KindName, kindOf } from '../config/provider-kinds.js';
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

export function starterText(choices: StarterChoices, editorLine: string): string {
  const { kind, account, baseUrl, store } = choices;
  const credentials = starterCredentials(choices).map(({ member, text }) => [member, text]);
  const data = {
    ...(store === undefined ? {} : { store }),
    providers: { [kind]: { use: kind, ...(baseUrl === undefined ? {} : { baseUrl }) } },
    accounts: { [account]: { provider: kind, credentials: Object.fromEntries(credentials) } },
  };
  const place = store === undefined ? `# Tokens are kept in ${defaultStorePath}\n` : '';
  return `${editorLine}${place}${stringify(data)}`;
}

/** For `tokenkeep sandbox`. With a store of its own: its accounts are none of the vendor's. */
export function sandboxText(store: string | undefined, editorLine: string): string {
  const about =
    '# For `tokenkeep sandbox`: servers on this machine, and logins that open nothing else.\n';
  return `${editorLine}${about}${stringify({ store: store ?? SANDBOX_STORE })}${sandboxConfigText()}`;
}

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

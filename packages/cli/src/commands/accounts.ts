import type { AccountConfig, AccountSummary, TokenProvider } from '@tokenkeep/core';
import { type AccountOrigin, originOf } from '../accounts/account-origin.js';
import { askForCredentials } from '../accounts/asked-credentials.js';
import { type GivenBy, givenObject } from '../accounts/given-json.js';
import { tokenReplyMembers, tokensFromReply } from '../accounts/token-reply.js';
import { withAccountTokens, withStandIns } from '../config/config-credentials.js';
import { suggestion } from '../config/nearest-name.js';
import { type Invocation, withEngine, withEngineToLookAt } from '../invocation.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { showNote } from '../terminal/note.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';
import { textTable } from '../terminal/text-table.js';
import { agreed } from './revoke.js';

/** The accounts there are, and where each was configured. */
export async function listAccounts(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const accounts = await withEngineToLookAt(invocation, async (engine, config) =>
    engine.accounts.list().map((each) => ({ ...each, from: originOf(each, config) })),
  );
  terminal.show({ accounts }, () => listText(accounts, terminal));
}

function listText(
  accounts: readonly (AccountSummary & { readonly from: AccountOrigin })[],
  { colours: paint, width }: Terminal,
): string {
  if (accounts.length === 0) return 'There are no accounts. Add one: tokenkeep accounts add --help';
  const rows = accounts.map(({ id, name, provider, from }) => [
    paint.bold(plainText(name)),
    plainText(provider),
    from,
    plainText(id),
  ]);
  const titles = ['ACCOUNT', 'PROVIDER', 'FROM', 'ID'].map((title) => paint.dim(title));
  // Nothing of it has a place to be wrapped at: where it is too wide, a block for each.
  const table = textTable([titles, ...rows], width, Number.POSITIVE_INFINITY);
  const block = ([name, ...others]: string[]) => [name, ...others.map((each) => `  ${each}`)];
  return table ?? rows.map((row) => block(row).join('\n')).join('\n\n');
}

export interface AddAccountCommand {
  readonly provider: string;
  readonly account: string | undefined;
  readonly tenant: string | undefined;
  readonly resource: string | undefined;
  readonly scope: string | undefined;
  readonly keepAlive: boolean;
  readonly replace: boolean;
  /** It lives on tokens that are imported. */
  readonly withoutCredentials: boolean;
  readonly credentials: GivenBy;
}

/** Puts an account into the store, sealed: every process on that store has it. */
export async function addAccount(
  name: string,
  command: AddAccountCommand,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const added = await withEngine(invocation, async (engine, { providers }) => {
    const provider = providerOf(command.provider, providers);
    const credentials = command.withoutCredentials
      ? undefined
      : await credentialsFor(provider, command.credentials, terminal);
    const { account = name, tenant, resource, scope, keepAlive, replace } = command;
    const config: AccountConfig = {
      name,
      provider: provider.id,
      account,
      ...(tenant === undefined ? {} : { tenant }),
      ...(resource === undefined ? {} : { resource }),
      ...(scope === undefined ? {} : { scope }),
      ...(keepAlive ? { keepAlive } : {}),
      ...(credentials === undefined ? {} : { credentials }),
    };
    return engine.accounts.add(config, { shared: true, replace });
  });
  terminal.show(added, () => {
    const next = command.withoutCredentials ? 'accounts import' : 'token';
    return (
      `${terminal.colours.green('✔')} ${plainText(name)} (${plainText(added.id)}) is in the store. ` +
      `Next: tokenkeep ${next} ${plainText(name)}`
    );
  });
}

function providerOf(id: string, providers: readonly TokenProvider[]): TokenProvider {
  const provider = providers.find((each) => each.id === id);
  if (provider !== undefined) return provider;
  const known = providers.map((each) => each.id);
  throw commandLineError(
    `There is no provider ${plainText(id)} in the configuration. ${suggestion(id, known)}`,
  );
}

/** @throws TokenError which names members and never values */
async function credentialsFor(
  provider: TokenProvider,
  place: GivenBy,
  terminal: Terminal,
): Promise<unknown> {
  const given =
    (await givenObject(place, terminal)) ?? (await askForCredentials(provider, terminal));
  const result = await provider.credentials['~standard'].validate(withStandIns(given));
  if (result.issues === undefined) return withAccountTokens(given);
  const problems = result.issues.map(({ path = [], message }) => {
    const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return `${where || 'credentials'}: ${message}`;
  });
  throw commandLineError(
    `These credentials do not have the shape that ${provider.id} wants. ${problems.join('; ')}.`,
  );
}

/** Takes over tokens that were obtained elsewhere. */
export async function importAccount(
  account: string,
  place: GivenBy,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const reply = await givenObject(place, terminal);
  if (reply === undefined) {
    throw commandLineError('Give the tokens as JSON: --stdin, or --file (mode 0600).');
  }
  const name = plainText(account);
  const ignored = Object.keys(reply).filter((member) => !tokenReplyMembers.includes(member));
  const tokens = tokensFromReply(reply);
  await withEngine(invocation, (engine) => engine.accounts.import(account, tokens));
  if (ignored.length > 0) showNote(`Not used: ${plainText(ignored.join(', '))}.`, terminal);
  terminal.show({ account, imported: true, ignored }, () => {
    const shared = tokens.refreshToken !== undefined;
    const rule = shared ? ' Nobody else may go on using this refresh token.' : '';
    return `${terminal.colours.green('✔')} The tokens of ${name} are imported.${rule}`;
  });
}

export interface RemoveAccountCommand {
  readonly yes: boolean;
  readonly force: boolean;
}

/** Ends the tokens of an account that was added, and forgets both. */
export async function removeAccount(
  account: string,
  { yes, force }: RemoveAccountCommand,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  if (!yes && !(await agreed(`End all tokens of ${name}, and forget the account?`, terminal))) {
    terminal.err('Nothing was done.');
    return;
  }
  await withEngine(invocation, (engine) =>
    withProgress(terminal, `Removing ${name}`, engine.accounts.remove(account, { force })),
  );
  terminal.show(
    { account, removed: true },
    () => `${terminal.colours.green('✔')} ${name} is removed.`,
  );
}

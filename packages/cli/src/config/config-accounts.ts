import { type AccountConfig, accountId } from '@tokenkeep/core';
import { credentialsOf, type WrittenCredentials } from './config-credentials.js';
import { groupMembers, valueAt } from './config-path.js';
import type { ConfiguredProvider, ConfiguredProviders } from './config-providers.js';
import { type AccountData, type ConfigData, kindOfProvider } from './config-schema.js';
import { nearestName, suggestion } from './nearest-name.js';
import type { ReferenceSources } from './references.js';
import type { FoundProblem } from './schema-problems.js';

export interface AccountsToConfigure {
  /** References resolved. May have mistakes that the schema has found already. */
  readonly data: ConfigData;
  /** The same as it is written. */
  readonly written: unknown;
  readonly providers: ConfiguredProviders;
  readonly sources: ReferenceSources;
  /** Others can read the file. */
  readonly openToReaders: boolean;
}

export interface ConfiguredAccounts {
  readonly accounts: readonly AccountConfig[];
  readonly problems: readonly FoundProblem[];
  readonly warnings: readonly FoundProblem[];
}

/** What the schema cannot see: how accounts fit their providers, and each other. */
export function configuredAccounts(config: AccountsToConfigure): ConfiguredAccounts {
  const { data, written, providers, sources, openToReaders } = config;
  const accounts: AccountConfig[] = [];
  const problems: FoundProblem[] = [];
  const warnings: FoundProblem[] = [];
  const names = groupMembers(data, 'accounts').map(([name]) => name);
  const seen = new Map<string, string>();
  for (const [name, value] of groupMembers(data, 'accounts')) {
    const account = value as AccountData;
    if (typeof account.provider !== 'string') continue;
    const provider = providers.byName.get(account.provider);
    if (provider === undefined) {
      problems.push(...unknownProvider(name, account.provider, data));
      continue;
    }
    problems.push(
      ...twinProblems(name, account, seen),
      ...rotationProblems(name, account, provider),
    );
    const credentials: WrittenCredentials = {
      path: ['accounts', name, 'credentials'],
      resolved: account.credentials,
      written: valueAt(written, ['accounts', name, 'credentials']),
      provider,
      accounts: names,
      openToReaders,
    };
    const checked = credentialsOf(credentials, sources);
    problems.push(...checked.problems);
    warnings.push(...checked.warnings);
    accounts.push(accountConfig(name, account, checked.credentials));
  }
  problems.push(...circleProblems(data));
  return { accounts, problems, warnings };
}

function accountConfig(name: string, data: AccountData, credentials: unknown): AccountConfig {
  const { credentials: _checked, rotateEvery, account = name, ...rest } = data;
  const config = { ...rest, name, account, rotateEveryMs: rotateEvery, credentials };
  // What is left out must be absent: `undefined` is not a value an account may have.
  const given = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as AccountConfig;
}

function unknownProvider(name: string, provider: string, data: ConfigData): FoundProblem[] {
  const all = groupMembers(data, 'providers').map(([each]) => each);
  // There, but of no kind that is known, be it because it is misspelt: that has been said.
  const ofNoKind = groupMembers(data, 'providers').flatMap(([each, options]) =>
    kindOfProvider(each, options) === undefined ? each : [],
  );
  if (all.includes(provider) || nearestName(provider, ofNoKind) !== undefined) return [];
  const path = ['accounts', name, 'provider'];
  return [{ path, message: 'There is no such provider.', hint: suggestion(provider, all) }];
}

function twinProblems(name: string, data: AccountData, seen: Map<string, string>): FoundProblem[] {
  const { provider, tenant, resource, scope, account = name } = data;
  const parts = { provider, account, tenant, resource, scope };
  if (Object.values(parts).some((part) => part !== undefined && typeof part !== 'string'))
    return [];
  const id = accountId(parts as Parameters<typeof accountId>[0] & object);
  const twin = seen.get(id);
  seen.set(id, name);
  if (twin === undefined) return [];
  const message = `This is the same account as "${twin}".`;
  const hint = 'Remove one of them, or give it another "account".';
  return [{ path: ['accounts', name], message, hint, atName: true }];
}

function rotationProblems(
  name: string,
  { rotateEvery }: AccountData,
  { provider }: ConfiguredProvider,
): FoundProblem[] {
  if (rotateEvery === undefined || provider === undefined || provider.revoke !== undefined)
    return [];
  const message = 'This provider has no way to end the old token.';
  const path = ['accounts', name, 'rotateEvery'];
  return [{ path, message, hint: 'Remove "rotateEvery".', atName: true }];
}

/** Accounts that log in with each other's tokens: none of them could be the first. */
function circleProblems(data: ConfigData): FoundProblem[] {
  const upstream = new Map<string, { name: string; member: string }>();
  for (const [name, { credentials }] of groupMembers(data, 'accounts')) {
    for (const [member, value] of Object.entries(credentials ?? {})) {
      const to = valueAt(value, ['tokenOf']);
      if (typeof to === 'string') upstream.set(name, { name: to, member });
    }
  }
  for (const [start, first] of upstream) {
    const chain = [start];
    for (let at = upstream.get(start); at !== undefined; at = upstream.get(at.name)) {
      if (at.name !== start && chain.includes(at.name)) break;
      chain.push(at.name);
      if (at.name !== start) continue;
      const path = ['accounts', start, 'credentials', first.member];
      const message = `Accounts log in with each other's tokens in a circle: ${chain.join(' > ')}.`;
      return [{ path, message, hint: 'Let one of them log in by itself.', atName: true }];
    }
  }
  return [];
}

import { dirname } from 'node:path';
import { isLoopbackHost, TokenError, type TokenProvider } from '@tokenkeep/core';
import { z } from 'zod';
import { groupMembers } from './config-path.js';
import type { ConfigData } from './config-schema.js';
import { kindOfProvider } from './config-schema.js';
import { withDeclarationFile } from './declaration-file.js';
import { installedPlugIns } from './installed-packages.js';
import { nearestName } from './nearest-name.js';
import { isPlugIn, isUrl } from './plug-in-name.js';
import { plugInProvider } from './plug-in-provider.js';
import type { LoadedPlugIn, LoadedPlugIns } from './plug-ins.js';
import { isKind, type KindName, kindNames, kindOf, urlOptionOf } from './provider-kinds.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';
import { type StandardSchema, secretsIn } from './standard-problems.js';

export interface ConfiguredProvider {
  /** Absent where its options are wrong. */
  readonly provider: TokenProvider | undefined;
  /** What an account of it is configured with. */
  readonly credentials: StandardSchema;
  /** Members of credentials that are secrets; `undefined`: those that the schema makes `Secret`s. */
  readonly secrets: readonly string[] | undefined;
  /** Where its token requests go, if that is the same for all accounts. */
  readonly origin: string | undefined;
  /** It is a server on this machine, as in a sandbox: its secrets are none. */
  readonly local: boolean;
}

export interface ConfiguredProviders {
  /** By name, those whose kind is known. */
  readonly byName: ReadonlyMap<string, ConfiguredProvider>;
  readonly problems: readonly FoundProblem[];
}

/** Makes the providers of a config that the schema has seen. @param configPath absolute */
export function configuredProviders(
  data: ConfigData,
  configPath: string,
  plugIns: LoadedPlugIns,
): ConfiguredProviders {
  const problems: FoundProblem[] = [];
  const byName = new Map<string, ConfiguredProvider>();
  for (const [name, given] of groupMembers(data, 'providers')) {
    const kind = kindOfProvider(name, given);
    problems.push(...nameProblems(name, given), ...codeProblems(name, given, plugIns));
    problems.push(...misspeltProblems(name, given, configPath));
    const file = withDeclarationFile(['providers', name], given, configPath);
    const { options } = kind === 'http' ? file : { options: given };
    if (kind === 'http') problems.push(...file.problems);
    const place = kind === undefined ? 'baseUrl' : urlOptionOf(kind);
    const allowsLocal = data.allowInsecureLoopback === true;
    problems.push(...urlProblems(place, options, allowsLocal).map(file.at));
    const plugIn = plugIns.get(name);
    if (plugIn !== undefined) {
      const made = madeByPlugIn(plugIn, name, given, data);
      problems.push(...made.problems);
      byName.set(name, made.configured);
    }
    if (kind === undefined) continue;
    const unread = kind === 'http' && file.problems.length > 0;
    const made = unread ? {} : makeProvider(name, kind, options);
    if (options !== given) problems.push(...fileProblems(kind, options).map(file.at));
    if (made.problem !== undefined) problems.push(made.problem);
    const { provider } = made;
    const url = options[place];
    const origin = originOf(url) ?? provider?.profile.apiOrigins[0];
    const { credentials, secrets, secretsOf } = kindOf(kind);
    byName.set(name, {
      provider,
      origin,
      local: isLocal(url),
      credentials: secretsOf === undefined ? credentials : declaredCredentials(provider),
      secrets: provider === undefined ? secrets : (secretsOf?.(options) ?? secrets),
    });
  }
  return { byName, problems };
}

type Options = Readonly<Record<string, unknown>>;

function madeByPlugIn(plugIn: LoadedPlugIn, name: string, given: Options, data: ConfigData) {
  const { use, ...options } = given;
  const accounts = groupMembers(data, 'accounts').map(([, { credentials }]) => credentials);
  const secrets = secretsIn([options, accounts]);
  const { provider, problems } = plugInProvider(plugIn, {
    name,
    use: String(use),
    options,
    secrets,
  });
  const { credentialsSchema, secrets: named } = 'make' in plugIn ? plugIn : {};
  const configured: ConfiguredProvider = {
    provider,
    origin: originOf(options.baseUrl) ?? provider?.profile.apiOrigins[0],
    local: isLocal(options.baseUrl),
    credentials: provider?.credentials ?? credentialsSchema ?? z.unknown(),
    secrets: named,
  };
  return { configured, problems };
}

/** What would run code, and does not. */
function codeProblems(name: string, { use }: Options, plugIns: LoadedPlugIns): FoundProblem[] {
  const path = ['providers', name, 'use'];
  if (isUrl(use)) {
    const message = 'No code is loaded from a URL.';
    return [{ path, message, hint: 'Name an installed package, or a file: ./my-provider.js.' }];
  }
  if (!isPlugIn(use) || plugIns.has(name)) return [];
  const message = 'Which code runs is not left to a reference.';
  return [{ path, message, hint: 'Write the name of the package, or the path, here itself.' }];
}

/** A package that is installed, and that the config nearly names: no kind is as near. */
function misspeltProblems(name: string, { use }: Options, configPath: string): FoundProblem[] {
  const path = ['providers', name, 'use'];
  const installed = () => installedPlugIns(dirname(configPath));
  if (use === undefined && !isKind(name)) {
    const meant = installed().find((each) => each === `tokenkeep-provider-${name}`);
    if (meant === undefined) return [];
    return [{ path, message: '"use" is missing.', hint: `Add "use: ${meant}".`, atName: true }];
  }
  if (typeof use !== 'string' || isKind(use) || isPlugIn(use) || isUrl(use)) return [];
  if (nearestName(use, kindNames) !== undefined) return [];
  const near = nearestName(use, installed());
  if (near === undefined) return [];
  const message = 'There is no such kind, and no such package.';
  return [{ path, message, hint: `Did you mean "${near}", which is installed?` }];
}

/** A provider that could not be made has said why. */
function declaredCredentials(provider: TokenProvider | undefined): StandardSchema {
  return provider?.credentials ?? z.unknown();
}

/** What the schema of the config cannot see: members that stand in a file of their own. */
function fileProblems(kind: KindName, { use: _use, ...options }: Options): FoundProblem[] {
  return [...schemaProblems(kindOf(kind).options, options)];
}

function nameProblems(name: string, { use }: Options): FoundProblem[] {
  const path = ['providers', name];
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    const message = "A provider's name is a part of its accounts' ids.";
    return [{ path, message, hint: 'Use lower-case letters, digits and hyphens.', atName: true }];
  }
  if (!isKind(name) || use === name || !(isKind(use) || isPlugIn(use))) return [];
  const message = `A provider that is named ${name} has to be of that kind.`;
  return [{ path: [...path, 'use'], message, hint: 'Give it another name.' }];
}

function urlProblems(
  place: string,
  { [place]: baseUrl }: Options,
  allowLocal: boolean,
): FoundProblem[] {
  if (!isHttp(baseUrl)) return [];
  if (isLocal(baseUrl) && allowLocal) return [];
  const hint = isLocal(baseUrl)
    ? 'For a server on this machine write "allowInsecureLoopback: true" at the top.'
    : 'Write https.';
  return [{ path: [place], message: 'Secrets do not go over http.', hint }];
}

/** Whether a config with this URL needs `allowInsecureLoopback`. */
export function isInsecureLoopback(baseUrl: unknown): boolean {
  return isHttp(baseUrl) && isLocal(baseUrl);
}

function isHttp(baseUrl: unknown): boolean {
  return typeof baseUrl === 'string' && /^http:/i.test(baseUrl);
}

function isLocal(baseUrl: unknown): boolean {
  if (typeof baseUrl !== 'string' || !URL.canParse(baseUrl)) return false;
  return isLoopbackHost(new URL(baseUrl).hostname);
}

function originOf(baseUrl: unknown): string | undefined {
  if (typeof baseUrl !== 'string' || !URL.canParse(baseUrl)) return undefined;
  return new URL(baseUrl).origin;
}

interface MadeProvider {
  readonly provider?: TokenProvider;
  readonly problem?: FoundProblem;
}

function makeProvider(name: string, kind: KindName, given: Options): MadeProvider {
  const { use: _use, ...options } = given;
  // The schema of the file has found these, and says where they are.
  if (schemaProblems(kindOf(kind).options, options).length > 0) return {};
  try {
    return { provider: kindOf(kind).make({ ...options, id: name }) };
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    const message = 'This provider cannot be made.';
    return { problem: { path: ['providers', name], message, hint: error.message } };
  }
}

import { isLoopbackHost, TokenError, type TokenProvider } from '@tokenkeep/core';
import { groupMembers } from './config-path.js';
import type { ConfigData } from './config-schema.js';
import { kindOfProvider } from './config-schema.js';
import { isKind, type KindName, kindOf } from './provider-kinds.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';

export interface ConfiguredProvider {
  readonly kind: KindName;
  /** Absent where its options are wrong. */
  readonly provider: TokenProvider | undefined;
  /** Where its token requests go. */
  readonly origin: string | undefined;
  /** It is a server on this machine, as in a sandbox: its secrets are none. */
  readonly local: boolean;
}

export interface ConfiguredProviders {
  /** By name, those whose kind is known. */
  readonly byName: ReadonlyMap<string, ConfiguredProvider>;
  readonly problems: readonly FoundProblem[];
}

/** Makes the providers of a config that the schema has seen. */
export function configuredProviders(data: ConfigData): ConfiguredProviders {
  const problems: FoundProblem[] = [];
  const byName = new Map<string, ConfiguredProvider>();
  for (const [name, options] of groupMembers(data, 'providers')) {
    problems.push(...nameProblems(name, options));
    problems.push(...urlProblems(name, options, data.allowInsecureLoopback === true));
    const kind = kindOfProvider(name, options);
    if (kind === undefined) continue;
    const made = makeProvider(name, kind, options);
    if (made.problem !== undefined) problems.push(made.problem);
    const { provider } = made;
    const origin = originOf(options.baseUrl) ?? provider?.profile.apiOrigins[0];
    byName.set(name, { kind, provider, origin, local: isLocal(options.baseUrl) });
  }
  return { byName, problems };
}

type Options = Readonly<Record<string, unknown>>;

function nameProblems(name: string, { use }: Options): FoundProblem[] {
  const path = ['providers', name];
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    const message = "A provider's name is a part of its accounts' ids.";
    return [{ path, message, hint: 'Use lower-case letters, digits and hyphens.', atName: true }];
  }
  if (!isKind(name) || !isKind(use) || use === name) return [];
  const message = `A provider that is named ${name} has to be of that kind.`;
  return [{ path: [...path, 'use'], message, hint: 'Give it another name.' }];
}

function urlProblems(name: string, { baseUrl }: Options, allowLocal: boolean): FoundProblem[] {
  if (!isHttp(baseUrl)) return [];
  if (isLocal(baseUrl) && allowLocal) return [];
  const hint = isLocal(baseUrl)
    ? 'For a server on this machine write "allowInsecureLoopback: true" at the top.'
    : 'Write https.';
  return [{ path: ['providers', name, 'baseUrl'], message: 'Secrets do not go over http.', hint }];
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

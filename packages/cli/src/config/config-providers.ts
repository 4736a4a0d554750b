import { isLoopbackHost, TokenError, type TokenProvider } from '@tokenkeep/core';
import { z } from 'zod';
import { groupMembers } from './config-path.js';
import type { ConfigData } from './config-schema.js';
import { kindOfProvider } from './config-schema.js';
import { withDeclarationFile } from './declaration-file.js';
import { isKind, type KindName, kindOf, urlOptionOf } from './provider-kinds.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';

export interface ConfiguredProvider {
  readonly kind: KindName;
  /** Absent where its options are wrong. */
  readonly provider: TokenProvider | undefined;
  /** What an account of it is configured with. */
  readonly credentials: z.ZodType;
  /** Members of credentials that are secrets. */
  readonly secrets: readonly string[];
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
export function configuredProviders(data: ConfigData, configPath: string): ConfiguredProviders {
  const problems: FoundProblem[] = [];
  const byName = new Map<string, ConfiguredProvider>();
  for (const [name, given] of groupMembers(data, 'providers')) {
    const kind = kindOfProvider(name, given);
    problems.push(...nameProblems(name, given));
    const file = withDeclarationFile(['providers', name], given, configPath);
    const { options } = kind === 'http' ? file : { options: given };
    if (kind === 'http') problems.push(...file.problems);
    const place = kind === undefined ? 'baseUrl' : urlOptionOf(kind);
    const allowsLocal = data.allowInsecureLoopback === true;
    problems.push(...urlProblems(place, options, allowsLocal).map(file.at));
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
      kind,
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

/** A provider that could not be made has said why. */
function declaredCredentials(provider: TokenProvider | undefined): z.ZodType {
  return (provider?.credentials as z.ZodType | undefined) ?? z.unknown();
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
  if (!isKind(name) || !isKind(use) || use === name) return [];
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

import type { Pace, Parameters } from '@tokenkeep/core';
import { configuredAccounts } from './config-accounts.js';
import { type ConfigPath, groupMembers, mapTexts, samePath, valueAt } from './config-path.js';
import type { ConfigProblem } from './config-problem.js';
import { type ConfiguredProviders, configuredProviders } from './config-providers.js';
import {
  type ConfigData,
  configSchema,
  isDuration,
  kindOfProvider,
  redisSchema,
} from './config-schema.js';
import { type ConfigSource, parseConfigText } from './config-source.js';
import { DURATION_FORMS, durationMs } from './duration-text.js';
import { type ConfigPlace, findConfig } from './find-config.js';
import { literalSecrets } from './literal-secrets.js';
import type { LoadedConfig } from './loaded-config.js';
import { isPayload } from './payload.js';
import { isPlugIn } from './plug-in-name.js';
import { type LoadedPlugIns, loadPlugIns } from './plug-ins.js';
import { readProtectedFile } from './protected-file.js';
import { kindOf } from './provider-kinds.js';
import { type Reference, type ReferenceSources, resolveReferences } from './references.js';
import { type FoundProblem, schemaProblems } from './schema-problems.js';
import { storePlace } from './store-place.js';

const LONGEST_BYTES = 256 * 1024;
/** More than anybody reads at once. */
const MOST_MISTAKES = 100;

/** A config file as far as it can be made out, and all that is wrong with it. */
export interface ConfigReading {
  /** Absolute. */
  readonly path: string;
  /** Mistakes in the file, in the order of its lines. */
  readonly mistakes: readonly ConfigProblem[];
  /** References to what is not there here and now, variables and files, outside of credentials. */
  readonly unresolved: readonly ConfigProblem[];
  /** The same in credentials: only who logs in needs them. */
  readonly unresolvedCredentials: readonly ConfigProblem[];
  /** Complete where nothing is wrong; `undefined` where the text is no data at all. */
  readonly config: LoadedConfig | undefined;
}

/**
 * Reads the file, opens nothing else but the files it refers to and the packages that its providers
 * are made by, and sends nothing.
 *
 * @throws TokenError `CONFIGURATION_INVALID`: there is no file, or one that is not safe to read
 */
export async function readConfig(options: ConfigPlace = {}): Promise<ConfigReading> {
  const path = findConfig(options);
  const file = readProtectedFile(path, { longestBytes: LONGEST_BYTES, secret: false });
  const plugIns = await loadPlugIns(parseConfigText(file.text).data, path);
  return examineConfig({ path, ...file, env: options.env ?? process.env }, plugIns);
}

export interface ConfigText {
  /** Absolute: what the text refers to is relative to it. */
  readonly path: string;
  readonly text: string;
  /** Others can read the file. */
  readonly openToReaders: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The same for a text that may not be in its file yet. */
export function examineConfig(
  { path, text, openToReaders, env }: ConfigText,
  plugIns: LoadedPlugIns = new Map(),
): ConfigReading {
  const source = parseConfigText(text);
  if (source.problems.length > 0) {
    const none = { unresolved: [], unresolvedCredentials: [], config: undefined };
    return { path, mistakes: source.problems, ...none };
  }
  const sources = { configPath: path, env };
  const texts = resolveTexts(source.data, sources, plugIns);
  const data = texts.data as ConfigData;
  const providers = configuredProviders(data, path, plugIns);
  const written = source.data;
  const literals = literalOptions(written, providers, plugIns, openToReaders);
  const accounts = configuredAccounts({ data, written, providers, sources, openToReaders });
  const mistakes = [
    ...texts.mistakes,
    ...providers.problems,
    ...schemaProblems(configSchema, withoutPlugIns(data)),
    ...accounts.problems,
    ...(openToReaders ? literals : []),
  ];
  const made = [...providers.byName.values()].flatMap(({ provider, origin }) =>
    provider === undefined ? [] : [{ provider, origin }],
  );
  return {
    path,
    mistakes: located(source, firstOfEach(mistakes, texts.unresolved)),
    unresolved: located(
      source,
      texts.unresolved.filter((each) => !isInCredentials(each.path)),
    ),
    unresolvedCredentials: located(
      source,
      texts.unresolved.filter((each) => isInCredentials(each.path)),
    ),
    config: {
      path,
      store: storePlace(path, {
        store: textOf(data?.store),
        namespace: textOf(data?.namespace),
        keys: textOf(data?.keys),
        escrow: textOf(data?.escrow),
        whenNotDurable: data?.whenNotDurable === 'warn' ? 'warn' : 'refuse',
        redis: redisSchema.safeParse(data?.redis).data,
      }),
      providers: made.map(({ provider }) => provider),
      origins: made.flatMap(({ origin }) => origin ?? []),
      accounts: accounts.accounts,
      parameters: (data?.parameters ?? {}) as Partial<Parameters>,
      pace: (data?.pace ?? {}) as Readonly<Record<string, Pace>>,
      allowInsecureLoopback: data?.allowInsecureLoopback === true,
      secretVariables: namesOf(texts.references.filter(inSecret), 'variable'),
      referencedFiles: namesOf(texts.references, 'file'),
      warnings: located(source, [...(openToReaders ? [] : literals), ...accounts.warnings]),
    },
  };
}

/** Their options are theirs to check. */
function withoutPlugIns(data: unknown): unknown {
  const providers = valueAt(data, ['providers']);
  if (typeof providers !== 'object' || providers === null || Array.isArray(providers)) return data;
  const ours = Object.entries(providers).filter(([, given]) => !isPlugIn(valueAt(given, ['use'])));
  return { ...(data as object), providers: Object.fromEntries(ours) };
}

/** A member that is no text is told of by the schema. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function inSecret({ secret }: UsedReference): boolean {
  return secret;
}

/** One problem for each place; none where a reference that is not there explains it. */
function firstOfEach(problems: readonly FoundProblem[], unresolved: readonly FoundProblem[]) {
  const first = problems.slice(0, MOST_MISTAKES);
  return first.filter(
    ({ path }, index) =>
      !unresolved.some((other) => samePath(other.path, path)) &&
      first.findIndex((other) => samePath(other.path, path)) === index,
  );
}

interface UsedReference extends Reference {
  /** It stands in credentials, or is a provider's client secret or key. */
  readonly secret: boolean;
}

/** References replaced and durations counted. What cannot be is left, and told of. */
function resolveTexts(written: unknown, sources: ReferenceSources, plugIns: LoadedPlugIns) {
  const mistakes: FoundProblem[] = [];
  const unresolved: FoundProblem[] = [];
  const references: UsedReference[] = [];
  const data = mapTexts(written, (text, path) => {
    const resolved = resolveReferences(text, sources);
    if ('message' in resolved) {
      (resolved.absent ? unresolved : mistakes).push({ path, ...resolved });
      return text;
    }
    const secret = isInCredentials(path) || isSecretOption(path, written, plugIns);
    references.push(...resolved.references.map((reference) => ({ ...reference, secret })));
    const name = typeof path.at(-1) === 'number' ? path.at(-2) : path.at(-1);
    if (secret || !isDuration(name) || isPayload(path)) return resolved.text;
    const ms = durationMs(resolved.text);
    if (ms !== undefined) return ms;
    mistakes.push({ path, message: 'This is no duration.', hint: `Write ${DURATION_FORMS}.` });
    return text;
  });
  return { data, references, mistakes, unresolved };
}

function isInCredentials([group, , member]: ConfigPath): boolean {
  return group === 'accounts' && member === 'credentials';
}

function isSecretOption(
  [group, name, member]: ConfigPath,
  written: unknown,
  plugIns: LoadedPlugIns,
): boolean {
  if (group !== 'providers' || typeof name !== 'string' || typeof member !== 'string') return false;
  return secretOptions(name, valueAt(written, [group, name]), plugIns).includes(member);
}

function secretOptions(name: string, given: unknown, plugIns: LoadedPlugIns): readonly string[] {
  const plugIn = plugIns.get(name);
  if (plugIn !== undefined) return ('make' in plugIn && plugIn.secrets) || [];
  const kind = kindOfProvider(name, given);
  return (kind !== undefined && kindOf(kind).optionSecrets) || [];
}

/** Secrets of providers that stand in the file. Those of a server on this machine are none. */
function literalOptions(
  written: unknown,
  { byName }: ConfiguredProviders,
  plugIns: LoadedPlugIns,
  openToReaders: boolean,
): FoundProblem[] {
  return groupMembers(written, 'providers').flatMap(([name, given]) => {
    if (byName.get(name)?.local) return [];
    const names = secretOptions(name, given, plugIns);
    return literalSecrets({ path: ['providers', name], written: given, names, openToReaders });
  });
}

function located(source: ConfigSource, problems: readonly FoundProblem[]): ConfigProblem[] {
  return problems
    .map(({ path, ...words }) => source.problem(path, words))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

function namesOf(references: readonly Reference[], kind: Reference['kind']): readonly string[] {
  return [...new Set(references.filter((each) => each.kind === kind).map(({ name }) => name))];
}

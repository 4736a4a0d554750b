import { accountToken, Secret } from '@tokenkeep/core';
import { atOnce } from './at-once.js';
import { type ConfigPath, valueAt } from './config-path.js';
import type { ConfiguredProvider } from './config-providers.js';
import { literalSecrets } from './literal-secrets.js';
import { suggestion } from './nearest-name.js';
import { hasReferences, type ReferenceSources, resolveAll } from './references.js';
import type { FoundProblem } from './schema-problems.js';
import { type StandardSchema, secretsIn, standardProblems } from './standard-problems.js';
import { wordsOfThrown } from './words-of-thrown.js';

export interface WrittenCredentials {
  readonly path: ConfigPath;
  readonly resolved: unknown;
  readonly written: unknown;
  readonly provider: ConfiguredProvider;
  /** Names of all accounts of the file. */
  readonly accounts: readonly string[];
  /** Others can read the file. */
  readonly openToReaders: boolean;
}

export interface CheckedCredentials {
  /** For `AccountConfig`; `undefined` where there are none. */
  readonly credentials: unknown;
  readonly problems: readonly FoundProblem[];
  readonly warnings: readonly FoundProblem[];
}

/**
 * Credentials that are read anew each time they are asked for, so that a secret that was replaced
 * is used without a restart. Those with another account's token are read once: the engine has to
 * know of the chain beforehand.
 */
export function credentialsOf(
  given: WrittenCredentials,
  sources: ReferenceSources,
): CheckedCredentials {
  const { resolved, written } = given;
  if (typeof resolved !== 'object' || resolved === null) {
    return { credentials: undefined, problems: [], warnings: [] };
  }
  const literals = literalsIn(given);
  const problems = [...chainProblems(given), ...shapeProblems(given)];
  const chained = Object.values(resolved).some(isTokenOf);
  const again = !chained && hasReferences(written);
  return {
    credentials: again ? async () => resolveAll(written, sources) : withAccountTokens(resolved),
    problems: given.openToReaders ? [...problems, ...literals] : problems,
    warnings: given.openToReaders ? [] : literals,
  };
}

interface TokenOf {
  readonly tokenOf: string;
}

function isTokenOf(value: unknown): value is TokenOf {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  return names.length === 1 && typeof valueAt(value, ['tokenOf']) === 'string';
}

/** A copy in which `{ tokenOf: name }` is the token of that account. */
export function withAccountTokens(credentials: object): object {
  return replaceTokenOf(credentials, ({ tokenOf }) => accountToken(tokenOf));
}

/** A copy in which something stands in for it, for a look at the shape. */
export function withStandIns(credentials: object): object {
  return replaceTokenOf(credentials, () => new Secret('another account'));
}

function replaceTokenOf(credentials: object, replace: (value: TokenOf) => unknown): object {
  return Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => [
      name,
      isTokenOf(value) ? replace(value) : value,
    ]),
  );
}

function chainProblems({ path, resolved, accounts }: WrittenCredentials): FoundProblem[] {
  return Object.entries(resolved as object).flatMap(([name, value]) => {
    if (!isTokenOf(value) || accounts.includes(value.tokenOf)) return [];
    const hint = suggestion(value.tokenOf, accounts);
    return [{ path: [...path, name, 'tokenOf'], message: 'There is no such account.', hint }];
  });
}

/** First the shape, whose complaints point at members; then what the provider asks beyond it. */
function shapeProblems({ path, resolved, provider }: WrittenCredentials): FoundProblem[] {
  const shaped = withStandIns(resolved as object);
  let wrong: readonly FoundProblem[];
  try {
    wrong = standardProblems(provider.credentials, shaped);
  } catch (thrown) {
    const message = 'The schema of these credentials fails.';
    return [{ path, message, hint: wordsOfThrown(thrown, secretsIn(resolved)) }];
  }
  if (wrong.length > 0) {
    return wrong.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
  }
  const result = validated(provider.provider?.credentials, shaped);
  if (result?.issues === undefined) return [];
  return result.issues.map(({ message }) => ({
    path,
    message: 'These credentials are not accepted.',
    hint: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
  }));
}

/** Nothing where the schema answers later, or fails: then that is told. */
function validated(schema: StandardSchema | undefined, data: unknown) {
  try {
    return schema && atOnce(schema['~standard'].validate(data));
  } catch {
    return undefined;
  }
}

/** Members that the provider makes `Secret`s of. */
function markedSecrets({ resolved, provider }: WrittenCredentials): readonly string[] {
  const shaped = withStandIns(resolved as object);
  const result = validated(provider.credentials, shaped);
  if (result === undefined || result.issues !== undefined) return [];
  return Object.entries(result.value ?? {}).flatMap(([name, value]) =>
    Secret.is(value) ? [name] : [],
  );
}

function literalsIn(given: WrittenCredentials): FoundProblem[] {
  const { path, written, provider, openToReaders } = given;
  if (provider.local) return [];
  const secrets = provider.secrets ?? markedSecrets(given);
  const names = secrets.filter((name) => !isTokenOf(valueAt(written, [name])));
  return literalSecrets({ path, written, names, openToReaders });
}

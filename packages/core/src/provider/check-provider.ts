import { TokenError } from '../errors/token-error.js';
import { budgetProblems } from './check-budget.js';
import { paceProblems } from './check-pace.js';
import { PROVIDER_CONTRACT, type TokenProvider } from './token-provider.js';

/**
 * What the compiler would have said: a plug-in may be plain JavaScript, or built for another
 * version. Checked once, when the engine is made, so that it does not fail at 3 a.m.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, naming the member that is wrong
 */
export function checkProvider(provider: TokenProvider): void {
  const { id, contract } = provider ?? {};
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) {
    throw invalid('A provider has no id of a-z, 0-9 and "-". Is it a TokenProvider?');
  }
  if (contract !== PROVIDER_CONTRACT) {
    throw invalid(
      `Provider "${id}" was made for contract ${contract}; this engine speaks ` +
        `${PROVIDER_CONTRACT}. Install a version of the provider made for it.`,
    );
  }
  for (const problem of problemsOf(provider)) throw invalid(`Provider "${id}": ${problem}.`);
}

const optionalMethods = ['canObtain', 'clientId', 'refresh', 'revoke', 'inspect', 'login'] as const;

function* problemsOf(provider: TokenProvider): Iterable<string> {
  for (const method of ['obtain', 'authorize', 'isTokenRejection'] as const) {
    if (typeof provider[method] !== 'function') yield `${method}() is missing`;
  }
  for (const method of optionalMethods) {
    const value: unknown = provider[method];
    if (value !== undefined && typeof value !== 'function') yield `${method} is not a function`;
  }
  if (typeof provider.credentials?.['~standard']?.validate !== 'function') {
    yield 'credentials is not a Standard Schema (a zod schema is one)';
  }
  const { profile } = provider;
  if (typeof profile !== 'object' || profile === null) return yield 'profile is missing';
  if (!isListOf(profile.apiOrigins, 'string')) yield 'profile.apiOrigins is not a list of origins';
  if (!isListOf(profile.notProcessed, 'number')) {
    yield 'profile.notProcessed is not a list of HTTP statuses';
  }
  if (isListOf(profile.budgets, 'object')) {
    for (const [index, budget] of profile.budgets.entries()) {
      for (const problem of budgetProblems(budget)) yield `profile.budgets.${index}: ${problem}`;
    }
  } else yield 'profile.budgets is not a list';
  if (profile.pace !== undefined) {
    for (const problem of paceProblems(profile.pace)) yield `profile.pace: ${problem}`;
  }
  yield* oneOf('renewal', profile.renewal, ['ahead', 'on-demand']);
  yield* oneOf('inDoubt', profile.inDoubt, ['never-resend', 'resend-once']);
  yield* oneOf('revocationScope', profile.revocationScope, ['token', 'grant']);
  yield* refreshProblems(provider);
  const { defaultMs, maxMs } = profile.lifetime ?? {};
  if (!(Number.isFinite(defaultMs) && defaultMs > 0 && Number.isFinite(maxMs) && maxMs > 0)) {
    yield 'profile.lifetime needs defaultMs and maxMs above 0';
  }
}

function* refreshProblems({ profile, refresh }: TokenProvider): Iterable<string> {
  const { refreshToken } = profile;
  if (typeof refreshToken === 'object' && refreshToken !== null) {
    const { singleUse, reuseGraceMs } = refreshToken;
    if (singleUse !== true || !(reuseGraceMs >= 0)) {
      yield 'profile.refreshToken is not { singleUse: true, reuseGraceMs }';
    }
  } else {
    yield* oneOf('refreshToken', refreshToken, ['none', 'reusable']);
  }
  if (refreshToken !== 'none' && refresh === undefined) {
    yield 'profile.refreshToken says that there are refresh tokens, and refresh() is missing';
  }
}

function* oneOf(name: string, value: unknown, words: readonly string[]): Iterable<string> {
  if (words.includes(value as string)) return;
  yield `profile.${name} is ${JSON.stringify(value)} and must be ${words.map((word) => `"${word}"`).join(' or ')}`;
}

function isListOf(value: unknown, kind: string): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === kind);
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}

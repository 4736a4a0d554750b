import { isDeepStrictEqual } from 'node:util';
import { Secret, type TokenProvider } from '@tokenkeep/core';
import { checkedServer, members, problem } from './checked-server.js';
import { repliesOf } from './described-server.js';
import { grantOf, type ProviderFacts } from './provider-facts.js';
import { shortestSecret } from './stage/secret-search.js';
import { secretsIn } from './stage/secrets-in.js';
import type { TokenProviderTests } from './token-provider-tests.js';

const described = [
  'test',
  'provider',
  'credentials',
  'wrongCredentials',
  'secrets',
  'server',
] as const;

/** The description, whose functions are watched for what no reply can be. @throws DescriptionProblem */
export function checkedDescription(tests: TokenProviderTests): TokenProviderTests {
  members(tests, 'the description', described);
  const { test, provider, credentials, wrongCredentials, secrets } = tests;
  if (typeof test !== 'function') problem('describe test: the test of your runner.');
  if (typeof provider !== 'function') problem('describe provider: a function that makes it.');
  for (const name of ['credentials', 'wrongCredentials'] as const) {
    if (tests[name] === undefined) problem(`describe ${name} ({} where an account has none).`);
  }
  if (isDeepStrictEqual(credentials, wrongCredentials) && namesIn(credentials).size > 0) {
    problem('wrongCredentials are the credentials: take those of another account.');
  }
  const names = new Set([...namesIn(credentials), ...namesIn(wrongCredentials)]);
  const unknown = secrets?.find((name) => !names.has(name));
  if (unknown !== undefined) {
    problem(
      `secrets has "${unknown}", which is no member of the credentials: ${[...names].join(', ')}.`,
    );
  }
  const short = Object.entries(secretsIn(tests, [])).find(
    ([, text]) => text.length < shortestSecret,
  );
  if (short !== undefined) {
    problem(
      `the secret "${short[0]}" is shorter than ${shortestSecret} characters, and would be found in anything.`,
    );
  }
  return { ...tests, server: checkedServer(tests.server) };
}

/** @throws DescriptionProblem where there is no provider to look at */
export function checkedProvider(provider: TokenProvider): TokenProvider {
  if (typeof provider !== 'object' || provider === null) {
    problem(`provider() returns ${String(provider)}, and no TokenProvider.`);
  }
  if ('then' in provider) problem('provider() is async: it must return the TokenProvider at once.');
  return provider;
}

/** @throws DescriptionProblem naming what a provider like this one needs, and is missing */
export function checkNeeds(facts: ProviderFacts, { server }: TokenProviderTests): void {
  const { refreshes, revokes, inspects, profile } = facts;
  const needs = (missing: boolean, what: string) => {
    if (missing) problem(`describe ${what}.`);
  };
  const own = server.url !== undefined;
  const none = (replies: Parameters<typeof repliesOf>[0]) => repliesOf(replies).length === 0;
  needs(server.obtain.ok === undefined && !own, 'server.obtain.ok, or a server.url that answers');
  needs(none(server.obtain.refused) && !own, 'server.obtain.refused: how a wrong login ends');
  needs(
    refreshes && server.refresh === undefined,
    `server.refresh: profile.refreshToken is ${JSON.stringify(profile.refreshToken)}`,
  );
  needs(
    refreshes && none(grantOf(server, 'refresh').refused) && !own,
    'server.refresh.refused: what becomes of a dead refresh token',
  );
  needs(revokes && server.revoke === undefined, 'server.revoke: the provider has revoke()');
  needs(inspects && server.inspect === undefined, 'server.inspect: the provider has inspect()');
  needs(
    inspects && none(server.inspect?.inactive),
    'server.inspect.inactive: what it says of a dead token',
  );
  needs(none(server.api.rejected), 'server.api.rejected: what a dead token gets');
}

function namesIn(value: unknown): Set<string> {
  if (typeof value !== 'object' || value === null || Secret.is(value)) return new Set();
  const names = Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)]);
  return new Set(names);
}

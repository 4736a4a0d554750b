import { repliesOf } from './described-server.js';
import { grantOf, type ProviderFacts } from './provider-facts.js';
import type { TokenProviderTests } from './token-provider-tests.js';

/** @throws TypeError naming what is missing */
export function checkDescription(facts: ProviderFacts, { server }: TokenProviderTests): void {
  const { refreshes, revokes, inspects, profile } = facts;
  const needs = (missing: boolean, what: string) => {
    if (missing) throw new TypeError(`testTokenProvider: describe ${what}.`);
  };
  const own = server.url !== undefined;
  needs(server.obtain.ok === undefined && !own, 'server.obtain.ok, or a server.url that answers');
  needs(
    server.obtain.refused === undefined && !own,
    'server.obtain.refused: how a wrong login ends',
  );
  needs(
    refreshes && server.refresh === undefined,
    `server.refresh: profile.refreshToken is ${JSON.stringify(profile.refreshToken)}`,
  );
  needs(
    refreshes && grantOf(server, 'refresh').refused === undefined && !own,
    'server.refresh.refused: what becomes of a dead refresh token',
  );
  needs(revokes && server.revoke === undefined, 'server.revoke: the provider has revoke()');
  needs(inspects && server.inspect === undefined, 'server.inspect: the provider has inspect()');
  needs(repliesOf(server.api.rejected).length === 0, 'server.api.rejected: what a dead token gets');
}

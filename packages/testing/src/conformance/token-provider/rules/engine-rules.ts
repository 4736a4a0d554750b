import { type AccessToken, TokenError } from '@tokenkeep/core';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { depart, holds } from '../departure.js';
import { repliesOf } from '../described-server.js';
import { grantOf, type ProviderFacts, refusedKind } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import { EngineStage } from '../stage/engine-stage.js';
import { carries } from '../stage/provider-scene.js';
import { printed, secretsReadIn } from '../stage/secret-search.js';
import { sent } from '../stage/sent-reply.js';
import { carriesToken } from './api-rules.js';
import { named } from './shown-runs.js';

const enginesOwn =
  "Expiry, retries, locking, storing, budgets and the order of a revocation are the engine's.";

/** A whole engine that lives with the provider. */
export const engineRules: readonly ProviderRule[] = [
  {
    name: 'in an engine a crowd costs one login, and the end of a token one renewal',
    says: enginesOwn,
    concerns: ({ scripted }) => scripted,
    async check(scene) {
      await using stage = await EngineStage.open(scene);
      const [first, joined] = await stage.both(stage.token(), stage.token());
      holds(
        first.reveal() === stage.newest?.access,
        'The engine hands out a token that is not the newest',
      );
      holds(
        first === joined && stage.count('obtain') === 1,
        `Two callers cost ${stage.count('obtain')} logins`,
      );
      const carried = Object.values(first.headers()).some((value) =>
        carriesToken(value, first.reveal()),
      );
      holds(carried, 'The headers of the token do not carry it');
      await scene.clock.advance(first.expiresAt - scene.clock.now() + 1_000);
      const [renewed] = await stage.both(stage.token(), stage.token());
      holds(
        renewed.reveal() === stage.newest?.access,
        'After its end the engine does not hand out the newest token',
      );
      const counts = [stage.count('obtain'), stage.count('refresh')].join(' and ');
      const wanted = scene.facts.refreshes && stage.hadRefreshToken ? '1 and 1' : '2 and 0';
      holds(
        counts === wanted,
        `Logins and refreshes after the end of a token: ${counts}, and not ${wanted}`,
      );
    },
  },
  {
    name: 'in an engine a dead refresh token costs one login',
    says: 'the refresh token is dead, in words',
    concerns: (facts) => facts.scripted && facts.refreshes && ends(facts, 'refresh') !== undefined,
    async check(scene) {
      const refused = ends(scene.facts, 'refresh');
      if (refused === undefined) return;
      await using stage = await EngineStage.open(scene);
      const [first] = await stage.both(stage.token());
      if (!stage.hadRefreshToken) return;
      stage.instead('refresh', sent(refused));
      await scene.clock.advance(first.expiresAt - scene.clock.now() + 1_000);
      const [next] = await stage.both(stage.token());
      holds(
        next.reveal() === stage.newest?.access,
        'The engine does not hand out the newest token',
      );
      const counts = `${stage.count('obtain')} and ${stage.count('refresh')}`;
      holds(
        counts === '2 and 1',
        `Logins and refreshes where the refresh token died: ${counts}, and not 2 and 1`,
      );
    },
  },
  {
    name: 'in an engine a wrong login is tried once',
    says: 'latched until they change',
    concerns: (facts) => ends(facts, 'obtain') !== undefined,
    async check(scene) {
      await using stage = await EngineStage.open(scene);
      const refused = ends(scene.facts, 'obtain') ?? {};
      stage.instead('obtain', sent(refused));
      for (let round = 0; round < 2; round += 1) {
        const error = await stage.refusal();
        holds(
          TokenError.is(error, 'CREDENTIALS_REJECTED'),
          `The engine says ${named(error)} where the login is wrong`,
        );
      }
      holds(stage.count('obtain') === 1, `A wrong login was sent ${stage.count('obtain')} times`);
    },
  },
  {
    name: 'in an engine no error shows a secret, also where the server echoes it',
    says: turnSecretsInto(),
    async check(scene) {
      const secrets = await scene.secrets();
      await using stage = await EngineStage.open(scene);
      stage.instead('obtain', fault.echoSecrets());
      const error = await stage.refusal();
      const [leaked] = secretsReadIn(printed(error), secrets);
      holds(
        leaked === undefined,
        `The error of the engine shows the ${leaked}, which the server echoed`,
      );
    },
  },
  {
    name: 'in an engine a revocation ends the tokens at the server',
    says: 'either token may be missing, and what is not there is not sent',
    concerns: ({ scripted, revokes }) => scripted && revokes,
    async check(scene) {
      await using stage = await EngineStage.open(scene);
      const [token]: readonly AccessToken[] = await stage.both(stage.token());
      if (token === undefined) depart('There is no token to revoke');
      const { refresh = '' } = stage.newest ?? {};
      stage.instead('obtain', sent(scene.described.revoke?.ok ?? {}));
      const before = scene.server.seen.length;
      await scene.clock.runUntil(stage.engine.revoke('account'));
      const told = scene.server.seen
        .slice(before)
        .filter((each) => carries(each, token.reveal()) || carries(each, refresh));
      holds(told.length > 0, 'The server was not told of the end of a token');
    },
  },
];

/** The first described refusal that ends a login, or a grant, for good. */
function ends({ server }: ProviderFacts, operation: 'obtain' | 'refresh') {
  const kind = operation === 'obtain' ? 'credentials_rejected' : 'grant_rejected';
  return repliesOf(grantOf(server, operation).refused).find(
    (reply) => refusedKind(server, operation, reply) === kind,
  );
}

function turnSecretsInto(): string {
  return 'Turn secrets into `Secret`s: errors are cleaned of those (of every text, where none is marked)';
}

import { Secret } from '@tokenkeep/core';
import type { Fault } from '../../../server/faults/fault.js';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { holds } from '../departure.js';
import { repliesOf } from '../described-server.js';
import type { ProviderFacts } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene } from '../stage/provider-scene.js';
import { carries } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { sent } from '../stage/sent-reply.js';
import type { Responder } from '../stage/stage-server.js';
import { inspectOne, named, returned, revokeOne, shown } from './shown-runs.js';

const idempotent = 'Idempotent: a token the server does not know counts as revoked.';
const notAbout = 'A 401 does not, unless the server says that it is about the token';
const introspects = 'optional: introspection.';

/** Revocation and introspection. */
export const endingRules: readonly ProviderRule[] = [
  {
    name: 'a revocation names the token, and is done when the server says so',
    says: idempotent,
    concerns: ({ revokes }) => revokes,
    async check(scene) {
      const tokens = mintTokens();
      const run = await revokeOne(scene, tokens);
      holds(!run.threw, `revoke() throws ${named(run.error)} where the server has revoked`);
      const told = run.asked.some(
        (each) => carries(each, tokens.access) || carries(each, tokens.refresh),
      );
      holds(told, 'revoke() ends without having told the server of either token');
      if (!endsEach(scene.facts)) return;
      for (const name of ['access', 'refresh'] as const) {
        holds(
          run.asked.some((each) => carries(each, tokens[name])),
          `revoke() does not tell the server of the ${name} token, and profile.revocationScope is "token"`,
        );
      }
    },
  },
  {
    name: 'a token that the server does not know counts as revoked',
    says: idempotent,
    concerns: ({ revokes }) => revokes,
    async check(scene) {
      for (const reply of repliesOf(scene.described.revoke?.unknown)) {
        const run = await revokeOne(scene, mintTokens(), () => sent(reply));
        holds(
          !run.threw,
          `revoke() throws ${named(run.error)} at HTTP ${reply.status ?? 200}, with which the server says that it does not know the token`,
        );
      }
    },
  },
  {
    name: 'what does not say that the token is gone is no revocation',
    says: notAbout,
    concerns: ({ revokes }) => revokes,
    async check(scene) {
      const failures = [
        ['HTTP 401 of a proxy', fault.html(2_048, 401)],
        ['HTTP 401 without a word', fault.empty(401)],
        ['HTTP 401 invalid_client', fault.json({ error: 'invalid_client' }, 401)],
        ['HTTP 400 without a word', fault.empty(400)],
        ['HTTP 403', fault.empty(403)],
        ['HTTP 404 of a proxy', fault.html(2_048, 404)],
        ['HTTP 405', fault.empty(405)],
        ['HTTP 429', fault.retryAfter(429, 1)],
        ['HTTP 500', fault.status(500)],
        ['HTTP 503', fault.retryAfter(503, 1)],
        ['a reply that was lost', fault.dropAfterProcessing()],
      ] as const;
      const { asked: good } = await revokeOne(scene);
      for (const [what, failure] of failures) {
        if (saysUnknown(scene, failure)) continue;
        for (let at = 0; at < good.length; at += 1) {
          const ok = sent(scene.described.revoke?.ok ?? {});
          const respond: Responder = (_request, index) => (index < at ? ok : failure);
          const { threw, asked } = await revokeOne(scene, mintTokens(), respond);
          const where = at === 0 ? '' : ' of its second request';
          holds(threw, `revoke() takes ${what}${where} for a revocation`);
          holds(
            asked.length <= at + 1,
            `revoke() sent ${asked.length} requests where one met ${what}`,
          );
        }
      }
    },
  },
  {
    name: 'a revocation is of the tokens there are',
    says: 'either token may be missing, and what is not there is not sent',
    concerns: ({ revokes }) => revokes,
    async check(scene) {
      const { access, refresh } = mintTokens();
      const none = {};
      const sets = [
        ['the access token alone', { accessToken: new Secret(access) }],
        ['the refresh token alone', { refreshToken: new Secret(refresh) }],
        ['no token', none],
      ] as const;
      for (const [what, tokens] of sets) {
        const run = await scene.revoke(tokens, () => sent(scene.described.revoke?.ok ?? {}));
        holds(!run.threw, `revoke() throws ${named(run.error)} for ${what}`);
        const invented = run.asked.some((each) => carries(each, 'undefined'));
        holds(!invented, `revoke() sends the word "undefined" for ${what}`);
        if (tokens === none || !endsEach(scene.facts)) continue;
        holds(run.asked.length > 0, `revoke() asks nothing for ${what}`);
      }
    },
  },
  {
    name: 'an inspection says what the server says',
    says: introspects,
    concerns: ({ inspects, server }) => inspects && server.inspect !== undefined,
    async check(scene) {
      const living = returned(await inspectOne(scene), 'where the token lives') as {
        readonly active?: unknown;
      };
      holds(
        living.active === true,
        `inspect() says active: ${shown(living.active)} of a token that lives`,
      );
      for (const reply of repliesOf(scene.described.inspect?.inactive)) {
        const dead = returned(
          await inspectOne(scene, mintTokens().access, () => sent(reply)),
          'where the token is dead',
        ) as { readonly active?: unknown };
        holds(
          dead.active === false,
          `inspect() says active: ${shown(dead.active)} of a dead token`,
        );
      }
    },
  },
  {
    name: 'an inspection that failed says nothing of the token',
    says: introspects,
    concerns: ({ inspects, server }) => inspects && server.inspect !== undefined,
    async check(scene) {
      for (const failure of [
        fault.status(500),
        fault.html(2_048, 502),
        fault.dropAfterProcessing(),
      ]) {
        const { threw, value } = await inspectOne(scene, mintTokens().access, () => failure);
        holds(threw, `inspect() returns ${shown(value)} where the server failed (${failure.name})`);
      }
    },
  },
];

/** Whether each of the tokens has to be ended by itself. */
function endsEach({ profile, refreshes, server }: ProviderFacts): boolean {
  return refreshes && profile.revocationScope === 'token' && server.revoke?.only === undefined;
}

/** A vendor of few words may say with its status alone that it does not know the token. */
function saysUnknown({ described }: ProviderScene, { status }: Fault): boolean {
  return repliesOf(described.revoke?.unknown).some(
    (reply) => reply.status === status && (reply.body === undefined || reply.body === ''),
  );
}

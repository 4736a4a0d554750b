import { Secret } from '@tokenkeep/core';
import { holds } from '../departure.js';
import { grantOf } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import { carries, type ProviderScene, type Run } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { printed, secretsReadIn } from '../stage/secret-search.js';
import { lineOf } from '../stage/stage-server.js';
import { compare, inspectOne, revokeOne } from './shown-runs.js';

/** What goes out. */
export const requestRules: readonly ProviderRule[] = [
  {
    name: 'each operation asks what the description says, and no more',
    says: 'More than one `send` in an operation is allowed where the vendor needs it',
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const { followedBy = [], ...first } = grantOf(scene.described, operation);
        const run = await scene.grant(operation, scene.good(operation));
        compare(
          run,
          [first, ...followedBy].map(({ request }) => request),
        );
      }
      const { revoke, inspect } = scene.described;
      if (scene.facts.revokes && revoke !== undefined) {
        const run = await revokeOne(scene);
        // One request, or one for each of the two tokens.
        compare(run, run.asked.length === 2 ? [revoke.request, revoke.request] : [revoke.request]);
      }
      if (scene.facts.inspects && inspect !== undefined) {
        compare(await inspectOne(scene), [inspect.request]);
      }
    },
  },
  {
    name: 'the refresh token that is sent is the one that was handed over',
    says: '`refreshToken` is the one to send, and the only one',
    concerns: ({ refreshes }) => refreshes,
    async check(scene) {
      for (let round = 0; round < 2; round += 1) {
        const token = await scene.livingRefreshToken();
        const { asked } = await scene.refresh(token, scene.good('refresh'));
        holds(
          asked.some((request) => carries(request, token)),
          `refresh() sent ${asked.map(lineOf).join(', ') || 'nothing'} without the refresh token it was handed`,
        );
      }
    },
  },
  {
    name: 'a secret is handed to `send` as a Secret',
    says: 'Values, and the URL, are strings or `Secret`s; a secret stays one until it is on the wire.',
    async check(scene) {
      const secrets = await scene.secrets();
      for (const { run, token } of await everyRun(scene)) {
        for (const { request } of [...run.preliminary, ...run.sends]) {
          const [leaked] = secretsReadIn(printed(request), { ...secrets, ...token });
          holds(leaked === undefined, `${run.name} hands the ${leaked} to send() as plain text`);
        }
      }
    },
  },
  {
    name: 'no secret stands in a URL',
    says: 'A URL is logged on its way: no secret stands in one, unless the vendor offers no other place.',
    concerns: ({ server }) => server.secretsInUrl !== true,
    async check(scene) {
      const secrets = await scene.secrets();
      for (const { run, token } of await everyRun(scene)) {
        for (const { request } of [...run.preliminary, ...run.sends]) {
          const [leaked] = secretsReadIn(Secret.of(request.url).reveal(), { ...secrets, ...token });
          holds(leaked === undefined, `${run.name} puts the ${leaked} into the URL`);
        }
      }
    },
  },
];

interface EveryRun {
  readonly run: Run<unknown>;
  /** The tokens it was handed, by name. */
  readonly token: Readonly<Record<string, string>>;
}

async function everyRun(scene: ProviderScene): Promise<readonly EveryRun[]> {
  const runs: EveryRun[] = [{ run: await scene.obtain(scene.good('obtain')), token: {} }];
  const { access, refresh } = mintTokens();
  const token = { 'access token': access, 'refresh token': refresh };
  if (scene.facts.refreshes) {
    const own = await scene.livingRefreshToken();
    const run = await scene.refresh(own, scene.good('refresh'));
    runs.push({ run, token: { 'refresh token': own } });
  }
  if (scene.facts.revokes) runs.push({ run: await revokeOne(scene, { access, refresh }), token });
  if (scene.facts.inspects) runs.push({ run: await inspectOne(scene, access), token });
  return runs;
}

import { type RefusalKind, refusalOf } from '@tokenkeep/core';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { depart, holds } from '../departure.js';
import { type DescribedReply, repliesOf } from '../described-server.js';
import { type GrantOperation, grantOf } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene, Run } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { forwarded, sent } from '../stage/sent-reply.js';
import type { Responder } from '../stage/stage-server.js';
import { named } from './shown-runs.js';

const rejections: readonly RefusalKind[] = [
  'grant_rejected',
  'credentials_rejected',
  'client_rejected',
  'upstream_rejected',
];
const tooFast: readonly RefusalKind[] = ['throttled', 'quota_exceeded'];

/** What a "no" means. The engine acts on the kind alone. */
export const refusalRules: readonly ProviderRule[] = [
  {
    name: 'a refused login is told by its kind',
    says: 'the login is wrong, in words',
    async check(scene) {
      const kind = scene.described.obtain.refusedAs ?? 'credentials_rejected';
      for (const respond of refusals(scene, 'obtain')) {
        const credentials = await scene.credentials('wrong');
        expectKind(
          await scene.obtain(respond, { credentials }),
          [kind],
          'where the login is wrong',
        );
      }
    },
  },
  {
    name: 'a dead refresh token is told by its kind',
    says: 'the refresh token is dead, in words',
    concerns: ({ refreshes }) => refreshes,
    async check(scene) {
      const kind = scene.described.refresh?.refusedAs ?? 'grant_rejected';
      for (const respond of refusals(scene, 'refresh')) {
        const run = await scene.refresh(mintTokens().refresh, respond);
        expectKind(run, [kind], 'where the refresh token is dead');
      }
    },
  },
  {
    name: 'too fast is told as such, with the pause that was asked for',
    says: 'waits for `Retry-After`, or backs off',
    async check(scene) {
      const inSeconds = fault.retryAfter(429, 7);
      const asDate = fault.retryAfter(429, (now) => new Date(now + 7_000).toUTCString());
      for (const [form, reply] of [
        ['in seconds', inSeconds] as const,
        ['as a date', asDate] as const,
      ]) {
        for (const operation of scene.facts.grants) {
          const run = await scene.grant(operation, () => reply);
          expectKind(run, tooFast, 'at HTTP 429');
          const pauseMs = refusalOf(run.error)?.retryAfterMs;
          holds(
            pauseMs === 7_000,
            `${run.name} tells of a pause of ${pauseMs} ms where Retry-After asks for 7 s, ${form}`,
          );
        }
      }
      for (const reply of repliesOf(scene.described.throttled)) {
        const run = await scene.obtain(() => sent(reply));
        expectKind(run, tooFast, 'where the server says in its words that it was too fast');
      }
    },
  },
  {
    name: 'a server that fails is unavailable, and rejects nobody',
    says: 'Never guess a rejection from a 5xx.',
    async check(scene) {
      for (const status of [500, 502, 503, 504]) {
        for (const failure of [
          fault.html(2_048, status),
          fault.empty(status),
          fault.json({}, status),
        ]) {
          for (const operation of scene.facts.grants) {
            const run = await scene.grant(operation, () => failure);
            const kinds: RefusalKind[] =
              status === 503 ? ['unavailable', 'throttled'] : ['unavailable'];
            expectKind(run, kinds, `at HTTP ${status} (${failure.name})`);
          }
        }
      }
    },
  },
  {
    name: 'a refusal without words rejects nobody',
    says: 'If in doubt, `ambiguous`.',
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const { refused } = grantOf(scene.described, operation);
        for (const status of [400, 401, 403, 404]) {
          // A vendor of few words: its refusal looks like that of a proxy.
          const mute = repliesOf(refused).some((each) => each.status === status && isMute(each));
          if (mute) continue;
          for (const reply of [fault.html(2_048, status), fault.empty(status)]) {
            const run = await scene.grant(operation, () => reply);
            const kind = expectRefusal(run, `at HTTP ${status} (${reply.name})`);
            holds(
              !rejections.includes(kind),
              `${run.name} calls HTTP ${status} of a proxy (${reply.name}) ${kind}: the vendor said nothing`,
            );
          }
        }
      }
    },
  },
];

/** The described refusals, or those of the author's own server. */
function refusals(scene: ProviderScene, operation: GrantOperation): readonly Responder[] {
  const described = repliesOf(grantOf(scene.described, operation).refused);
  if (described.length > 0) return described.map((reply) => () => sent(reply));
  const { url } = scene.described;
  return url === undefined ? [] : [() => forwarded(url)];
}

function isMute({ body }: DescribedReply): boolean {
  return body === undefined || body === '';
}

function expectKind(run: Run<unknown>, kinds: readonly RefusalKind[], when: string): void {
  const kind = expectRefusal(run, when);
  holds(kinds.includes(kind), `${run.name} says ${kind} ${when}, and not ${kinds.join(' or ')}`);
}

function expectRefusal(run: Run<unknown>, when: string): RefusalKind {
  if (!run.threw) return depart(`${run.name} throws nothing ${when}`);
  const refusal = refusalOf(run.error);
  if (refusal !== undefined) return refusal.kind;
  return depart(`${run.name} throws ${named(run.error)} ${when}, which refuse() did not make`);
}

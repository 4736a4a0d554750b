import { type RefusalKind, refusalOf } from '@tokenkeep/core';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { depart, holds } from '../departure.js';
import { type DescribedRefusal, type DescribedReply, repliesOf } from '../described-server.js';
import { type GrantOperation, grantOf, refusedKind } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene, Run } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { forwarded, sent } from '../stage/sent-reply.js';
import type { Responder } from '../stage/stage-server.js';
import { compare, named } from './shown-runs.js';

/** RFC 6749 section 5.2. */
const clientError = { error: 'invalid_client' };

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
      for (const { kind, respond } of refusals(scene, 'obtain')) {
        const credentials = await scene.credentials('wrong');
        const run = await scene.obtain(respond, { credentials });
        expectKind(run, [kind], 'where the login is wrong');
        compare(run, [scene.described.obtain.request]);
      }
    },
  },
  {
    name: 'a dead refresh token is told by its kind',
    says: 'the refresh token is dead, in words',
    concerns: ({ refreshes }) => refreshes,
    async check(scene) {
      for (const { kind, respond } of refusals(scene, 'refresh')) {
        const run = await scene.refresh(mintTokens().refresh, respond);
        expectKind(run, [kind], 'where the refresh token is dead');
        compare(run, [grantOf(scene.described, 'refresh').request]);
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
        for (const operation of scene.facts.grants) {
          const run = await scene.grant(operation, () => sent(reply));
          expectKind(run, tooFast, 'where the server says in its words that it was too fast');
        }
      }
    },
  },
  {
    name: 'a server that fails is unavailable, and rejects nobody',
    says: 'Never guess a rejection from a 5xx.',
    async check(scene) {
      for (const status of [500, 502, 503, 504, 520, 599]) {
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
    name: 'a refusal of the client ends no grant',
    says: "the operator's client is wrong",
    concerns: ({ refreshes }) => refreshes,
    async check(scene) {
      const { refused } = grantOf(scene.described, 'refresh');
      const described = repliesOf(refused).some((reply) =>
        JSON.stringify(reply).includes('invalid_client'),
      );
      if (described) return;
      for (const status of [400, 401]) {
        const run = await scene.grant('refresh', () => fault.json(clientError, status));
        const kind = expectRefusal(run, `at HTTP ${status} invalid_client`);
        holds(
          kind !== 'grant_rejected' && kind !== 'credentials_rejected',
          `refresh() says ${kind} at HTTP ${status} invalid_client: the refresh token may live`,
        );
      }
    },
  },
  {
    name: 'a refusal without words rejects nobody',
    says: 'If in doubt, `ambiguous`.',
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const { refused } = grantOf(scene.described, operation);
        for (const status of muteStatuses) {
          const words = repliesOf(refused).filter((each) => each.status === status);
          // A vendor of few words: its refusal looks like that of a proxy.
          const pages = words.some(isMute) ? [] : pagesOf(status);
          // Any object may be that of a vendor who says no by a status and a sentence.
          const objects = words.some(hasNoCode) ? [] : objectsOf(status);
          for (const reply of [...pages, ...objects]) {
            const run = await scene.grant(operation, () => reply);
            const kind = expectRefusal(run, `at HTTP ${status} (${reply.name})`);
            // The operator's client may be told apart by an object alone: nobody is marked by that.
            const ends = objects.includes(reply) ? kind !== 'client_rejected' : true;
            holds(
              !(ends && rejections.includes(kind)),
              `${run.name} calls HTTP ${status} of a proxy (${reply.name}) ${kind}: the vendor said nothing`,
            );
          }
        }
      }
    },
  },
];

const muteStatuses = [400, 401, 402, 403, 404, 405, 408, 409, 410, 422, 425, 451];
const pagesOf = (status: number) => [fault.html(2_048, status), fault.empty(status)];
const objectsOf = (status: number) => [
  fault.json({}, status),
  fault.json({ message: 'Something went wrong' }, status),
];

/** The described refusals with their kinds, or those of the author's own server. */
function refusals(
  scene: ProviderScene,
  operation: GrantOperation,
): readonly { readonly kind: RefusalKind; readonly respond: Responder }[] {
  const described = repliesOf(grantOf(scene.described, operation).refused);
  const kindOf = (reply?: DescribedRefusal) => refusedKind(scene.described, operation, reply);
  if (described.length > 0) {
    return described.map((reply) => ({ kind: kindOf(reply), respond: () => sent(reply) }));
  }
  const { url } = scene.described;
  return url === undefined ? [] : [{ kind: kindOf(), respond: () => forwarded(url) }];
}

function isMute({ body }: DescribedReply): boolean {
  return body === undefined || body === '';
}

/** Whether it says no without any word but a sentence for people. */
function hasNoCode({ body }: DescribedReply): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return Object.entries(body).every(
    ([name, member]) =>
      typeof member === 'boolean' || (typeof member === 'string' && sentences.test(name)),
  );
}

const sentences = /message|description|reason|detail|title/i;

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

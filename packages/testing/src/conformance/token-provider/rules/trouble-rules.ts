import { type IssuedTokens, TokenError } from '@tokenkeep/core';
import type { Fault } from '../../../server/faults/fault.js';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { depart, holds } from '../departure.js';
import { type GrantOperation, grantOf } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene, Run } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { printed, secretsReadIn } from '../stage/secret-search.js';
import { sent } from '../stage/sent-reply.js';
import { lineOf } from '../stage/stage-server.js';
import { inspectOne, named, plain, revokeOne } from './shown-runs.js';

const neverRepeats = 'It never repeats a request: what was sent may have been processed.';
const callThrew =
  'It returns what the server said, or throws: a `TokenError` made by `refuse()` where the server refused, and whatever `call` threw otherwise.';

/** What becomes of the first request of an operation. */
const troubles: readonly (readonly [what: string, fault: Fault])[] = [
  ['HTTP 429', fault.retryAfter(429, 1)],
  ['HTTP 500', fault.status(500)],
  ['HTTP 503 with Retry-After', fault.retryAfter(503, 1)],
  ['HTTP 401 of a proxy', fault.html(2_048, 401)],
  ['a page of HTML', fault.html()],
  ['an empty body', fault.empty()],
  ['a reply that was lost', fault.dropAfterProcessing()],
  ['a connection that was cut', fault.dropBeforeProcessing()],
  ['a server that hangs', fault.hang()],
  ['a body of a megabyte', fault.hugeBody(1_048_576)],
  ['a redirect', fault.redirect(302, '/elsewhere')],
];

/** Texts that are no JSON object, or two at once. */
const unreadable: readonly (readonly [what: string, text: string])[] = [
  ['half an object', '{"access_token":"'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a text', '"token"'],
  ['an object and more', '{}{}'],
  ['no text', ''],
];

/** What goes wrong on the way. */
export const troubleRules: readonly ProviderRule[] = [
  {
    name: 'a request is never repeated, whatever came of it',
    says: neverRepeats,
    async check(scene) {
      for (const [what, trouble, operation] of everyTrouble(scene)) {
        for (let at = 0; at < scene.requestsOf(operation); at += 1) {
          const run = await scene.grant(operation, scene.goodUntil(operation, at, trouble));
          // Nothing may be read in the first reply of several: what follows is no repetition.
          if (isPage(what) && run.asked.length <= scene.requestsOf(operation)) continue;
          holds(
            run.asked.length <= at + 1,
            `${run.name} sent ${run.asked.length} requests where ${at === 0 ? 'the first one' : 'a later one'} met ${what}: ${run.asked.map(lineOf).join(', ')}`,
          );
        }
      }
      for (const operation of scene.facts.grants) {
        const run = await scene.grant(operation, scene.good(operation), { unsent: notSent() });
        holds(
          run.sends.length <= 1,
          `${run.name} sent ${run.sends.length} requests where the first one was not sent at all`,
        );
      }
    },
  },
  {
    name: 'what call.send threw is thrown on',
    says: callThrew,
    async check(scene) {
      for (const [what, trouble, operation] of everyTrouble(scene)) {
        const run = await scene.grant(operation, () => trouble);
        const [first] = run.sends;
        if (first?.error === undefined) continue;
        holds(run.threw, `${run.name} returns tokens where the first request met ${what}`);
        holds(
          run.error === first.error,
          `${run.name} throws ${named(run.error)} in place of what call.send() threw at ${what}, ${named(first.error)}`,
        );
      }
    },
  },
  {
    name: 'whatever comes back, what is thrown is a TokenError',
    says: callThrew,
    async check(scene) {
      for (const [what, trouble, operation] of everyTrouble(scene)) {
        const run = await scene.grant(operation, () => trouble);
        if (!run.threw && isPage(what) && !hasToken(run)) continue;
        holds(run.threw, `${run.name} throws nothing where the first request met ${what}`);
        holds(
          TokenError.is(run.error),
          `${run.name} throws ${named(run.error)} at ${what}, and no TokenError`,
        );
      }
    },
  },
  {
    name: 'a success that cannot be read is no success',
    says: '(throws unless the body is one JSON object)',
    concerns: ({ scripted }) => scripted,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        if (!scene.speaksJson(operation)) continue;
        for (const [what, text] of [...unreadable, ...ambiguousBodies(scene, operation)]) {
          const run = await scene.grant(operation, () => fault.rawBody(text));
          if (!run.threw && !hasToken(run)) continue;
          if (!run.threw) {
            depart(`${run.name} makes tokens of ${what}, where one JSON object is wanted`);
          }
          holds(
            TokenError.is(run.error, 'PROVIDER_PROTOCOL'),
            `${run.name} throws ${named(run.error)} at ${what}, and not PROVIDER_PROTOCOL`,
          );
        }
      }
    },
  },
  {
    name: 'a hanging server is waited for as long as `call` waits, and no longer',
    says: "aborts at the operation's limit; `send` knows it already",
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const before = scene.clock.monotonic();
        const run = await scene.grant(operation, () => fault.hang());
        const waitedMs = scene.clock.monotonic() - before;
        holds(
          run.threw && waitedMs >= 9_000 && waitedMs <= 11_000,
          `${run.name} ended after ${waitedMs} ms where call.send() gives up after 10,000`,
        );
      }
    },
  },
  {
    name: 'an operation that is aborted ends at once, and asks nothing more',
    says: "aborts at the operation's limit; `send` knows it already",
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const cut = new AbortController();
        const respond = () => {
          cut.abort();
          return fault.hang();
        };
        const token = scene.facts.refreshes ? await scene.livingRefreshToken() : '';
        const before = scene.clock.monotonic();
        const run = await scene.grant(operation, respond, { cut: cut.signal, token });
        const waitedMs = scene.clock.monotonic() - before;
        holds(run.threw, `${run.name} returns tokens after it was aborted`);
        holds(run.sends.length <= 1, `${run.name} asks again after it was aborted`);
        holds(waitedMs < 9_000, `${run.name} goes on for ${waitedMs} ms after it was aborted`);
      }
    },
  },
  {
    name: 'no error shows a secret',
    says: 'No error of a provider quotes a secret: not in its message, its members or its causes.',
    async check(scene) {
      const own = await scene.secrets();
      const { revokes, inspects } = scene.facts;
      // What these throw is searched as every error is.
      for (const [, trouble] of troubles) {
        if (revokes) await revokeOne(scene, mintTokens(), () => trouble);
        if (inspects) await inspectOne(scene, mintTokens().access, () => trouble);
      }
      for (const operation of scene.facts.grants) {
        const refused = [grantOf(scene.described, operation).refused ?? []].flat();
        const all = [
          ...refused.map((reply) => ['a refusal', sent(reply)] as const),
          ...troubles,
          ['half an object', fault.rawBody('{"access_token":"')] as const,
        ];
        for (const [what, trouble] of all) {
          const token = mintTokens().refresh;
          const run = await scene.grant(operation, () => trouble, { token });
          const [leaked] = secretsReadIn(printed(run.error), { ...own, 'refresh token': token });
          holds(leaked === undefined, `What ${run.name} throws at ${what} shows the ${leaked}`);
        }
      }
    },
  },
];

/** A success in which no token can be. */
const isPage = (what: string) => what === 'a page of HTML' || what === 'an empty body';

/** Whether the engine could take what was returned for a token. */
function hasToken({ value }: Run<IssuedTokens>): boolean {
  const token = plain(value?.accessToken);
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);
}

/** What `send` throws where no connection could be made. */
function notSent(): TokenError {
  return new TokenError('PROVIDER_UNAVAILABLE', 'The authorization server cannot be reached.', {
    retryable: true,
    reason: 'connect',
  });
}

function everyTrouble(
  scene: ProviderScene,
): readonly (readonly [what: string, trouble: Fault, operation: GrantOperation])[] {
  return scene.facts.grants.flatMap((operation) =>
    troubles.map(([what, trouble]) => [what, trouble, operation] as const),
  );
}

/** A good reply in which a member comes twice: which of two refresh tokens is the living one? */
function ambiguousBodies(
  scene: ProviderScene,
  operation: GrantOperation,
): readonly (readonly [what: string, text: string])[] {
  const { body } = scene.goodReply(operation, mintTokens());
  const text = JSON.stringify(body) ?? '';
  const [name] = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  if (name === undefined) return [];
  const member = `${JSON.stringify(name)}:`;
  return [['a body with a member named twice', text.replace(member, () => `${member}0,${member}`)]];
}

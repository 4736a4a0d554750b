import { type AccessToken, type ApiReply, Secret } from '@tokenkeep/core';
import { depart, holds } from '../departure.js';
import { type DescribedReply, repliesOf } from '../described-server.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { wireReply } from '../stage/sent-reply.js';
import { named } from './shown-runs.js';

const rejection = '"this token is invalid", as opposed to "you may not do this".';
const authorizes = 'puts the token on a request, as this API wants it';

/** Replies that say nothing of a token, whoever sends them. */
const others: readonly DescribedReply[] = [
  { status: 200, body: { ok: true } },
  { status: 204 },
  { status: 404, body: { error: 'not_found' } },
  { status: 409, body: { error: 'conflict' } },
  { status: 429, headers: { 'retry-after': '1' }, body: { error: 'slow_down' } },
  { status: 500, body: {} },
  { status: 503, body: '<h1>Service Unavailable</h1>' },
];

/** What the API says, and what it is told. */
export const apiRules: readonly ProviderRule[] = [
  {
    name: 'a dead token is recognised by what the API says of it',
    says: rejection,
    async check(scene) {
      for (const reply of repliesOf(scene.described.api.rejected)) {
        holds(
          await judged(scene, reply),
          `isTokenRejection() says no to HTTP ${reply.status ?? 200}, which the description has for a dead token`,
        );
      }
    },
  },
  {
    name: 'what the token does not allow is no dead token',
    says: rejection,
    async check(scene) {
      const { rejected, denied } = scene.described.api;
      const forbids = repliesOf(rejected).some(({ status }) => status === 403);
      for (const reply of [...repliesOf(denied), ...(forbids ? [] : insufficient), ...others]) {
        holds(
          !(await judged(scene, reply)),
          `isTokenRejection() takes HTTP ${reply.status ?? 200} (${JSON.stringify(reply.body) ?? 'no body'}) for a dead token`,
        );
      }
    },
  },
  {
    name: 'an API that does not speak JSON is judged all the same',
    says: '`reply.json()` is `undefined` where the body is not JSON or larger than 64 KiB',
    async check(scene) {
      const bodies = [
        undefined,
        null,
        'a text',
        7,
        true,
        [],
        [null],
        { error: null },
        { error: [] },
      ];
      for (const status of [200, 401, 403]) {
        for (const body of bodies) {
          const reply: ApiReply = { status, headers: new Headers(), json: async () => body };
          const what = body === undefined ? 'that is no JSON' : JSON.stringify(body);
          const verdict: unknown = await verdictOn(
            scene,
            reply,
            `at HTTP ${status} with a body ${what}`,
          );
          holds(
            typeof verdict === 'boolean',
            `isTokenRejection() says ${typeof verdict} and not yes or no`,
          );
        }
      }
    },
  },
  {
    name: 'the token is put on a request whole, and nothing else is touched',
    says: authorizes,
    async check({ provider, described }) {
      const text = `$2y$10$./+=~${mintTokens().access}`;
      const headers = new Headers({ 'x-request-id': '7', accept: 'text/plain' });
      try {
        provider.authorize(headers, tokenOf(text));
      } catch (error) {
        depart(`authorize() throws ${named(error)} at a token of the characters tokens have`);
      }
      const places = [...headers].filter(
        ([name, value]) =>
          carriesToken(value, text) ||
          (name === 'cookie' && value.includes(encodeURIComponent(text))),
      );
      holds(
        places.length > 0,
        'authorize() puts the token into no header, or changes it on the way',
      );
      const [, name = '', line = ''] = /^([\w-]+): (.*)$/.exec(described.api.header ?? '') ?? [];
      holds(
        name === '' || headers.get(name) === line.replace('*', () => text),
        `authorize() writes no line like ${described.api.header}`,
      );
      const kept = headers.get('x-request-id') === '7' && headers.get('accept') === 'text/plain';
      holds(kept, 'authorize() changes headers that are not its own');
    },
  },
  {
    name: 'the next token takes the place of the last one',
    says: authorizes,
    async check({ provider }) {
      const headers = new Headers();
      const [old, fresh] = [mintTokens().access, mintTokens().access];
      for (const text of [old, fresh]) provider.authorize(headers, tokenOf(text));
      const left = [...headers].find(([, value]) => value.includes(old));
      holds(left === undefined, `authorize() leaves the old token in the header ${left?.[0]}`);
    },
  },
];

const insufficient: readonly DescribedReply[] = [
  {
    status: 403,
    headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' },
    body: { error: 'insufficient_scope' },
  },
];

function judged(scene: ProviderScene, reply: DescribedReply): Promise<boolean> {
  return verdictOn(scene, apiReply(reply), `at HTTP ${reply.status ?? 200}`);
}

async function verdictOn(
  { provider }: ProviderScene,
  reply: ApiReply,
  when: string,
): Promise<boolean> {
  try {
    return await provider.isTokenRejection(reply);
  } catch (error) {
    return depart(`isTokenRejection() throws ${named(error)} ${when}`);
  }
}

/** Whether a header carries a token, as it is or as Basic (RFC 7617). */
export function carriesToken(header: string, token: string): boolean {
  const [, basic = ''] = /^basic (.+)$/i.exec(header) ?? [];
  const decoded = Buffer.from(basic, 'base64').toString('utf8');
  return header.includes(token) || decoded.includes(token);
}

/** As the engine hands a reply on: the body only where it is called JSON. */
function apiReply(reply: DescribedReply): ApiReply {
  const { status, headers, body } = wireReply(reply);
  const all = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const isJson = /\bjson\b/i.test(all.get('content-type') ?? '');
  return {
    status,
    headers: all,
    json: async () => (isJson ? JSON.parse(body.toString('utf8')) : undefined),
  };
}

function tokenOf(text: string): AccessToken {
  const secret = new Secret(text);
  return Object.freeze({
    account: 'provider/account',
    generation: 1,
    tokenType: 'Bearer',
    expiresAt: 0,
    scope: undefined,
    metadata: {},
    headers: () => ({}),
    reveal: () => text,
    secret,
  });
}

import { isDeepStrictEqual } from 'node:util';
import { type IssuedTokens, TokenError } from '@tokenkeep/core';
import * as fault from '../../../server/faults/fault-catalogue.js';
import { depart, holds } from '../departure.js';
import type { DescribedReply, SampleTokens } from '../described-server.js';
import type { GrantOperation, ProviderFacts } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene } from '../stage/provider-scene.js';
import { mintTokens, type StageTokens } from '../stage/sample-tokens.js';
import { named, plain, returned, shown } from './shown-runs.js';

const asFound =
  'the JSON values found, whatever they are. Without a refresh token the old one is kept';
const scripted = ({ scripted: described }: ProviderFacts) => described;
const rotates = (facts: ProviderFacts) => facts.scripted && facts.refreshes;

/** What is read out of a good reply. */
export const tokenRules: readonly ProviderRule[] = [
  {
    name: 'the tokens of a reply are handed on as they stand in it',
    says: asFound,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        // As bcrypt writes them: what is decoded, split or trimmed on the way comes out changed.
        const tokens = mintTokens();
        const odd = { access: `$2y$10$./+=~${tokens.access}`, refresh: `${tokens.refresh}/.$+=` };
        await same(scene, operation, odd);
      }
    },
  },
  {
    name: 'a reply without a good access token still yields its refresh token',
    says: 'A refresh token that came is handed on, whatever else is wrong with the reply.',
    concerns: (facts) => rotates(facts) && typeof facts.profile.refreshToken === 'object',
    async check(scene) {
      // An access token that refreshes itself has no other beside it.
      const tokens = mintTokens();
      const good = JSON.stringify(scene.goodReply('refresh', tokens));
      if (!good.includes(tokens.refresh)) return;
      for (const access of [undefined, null, 42, '']) {
        const { refresh } = mintTokens();
        const respond = scene.good('refresh', { refresh }, (each) => ({ ...each, access }));
        const run = await scene.grant('refresh', respond);
        holds(
          !run.threw && plain(run.value?.refreshToken) === refresh,
          `refresh() ${run.threw ? `threw ${named(run.error)}` : `returned ${shown(run.value?.refreshToken)}`} for a reply whose access token is ${shown(access)}: the refresh token in it is lost`,
        );
      }
      // The first request has spent the old one.
      for (let at = 1; at < scene.requestsOf('refresh'); at += 1) {
        for (const trouble of [fault.status(500), fault.dropAfterProcessing()]) {
          const { refresh } = mintTokens();
          const respond = scene.goodUntil('refresh', at, trouble, { ...mintTokens(), refresh });
          const run = await scene.grant('refresh', respond);
          holds(
            plain(run.value?.refreshToken) === refresh,
            `refresh() ${run.threw ? `threw ${named(run.error)}` : 'returned another refresh token'} where request ${at + 1} met ${trouble.name}: the refresh token that came before is lost`,
          );
        }
      }
    },
  },
  {
    name: 'what a reply has besides is passed over',
    says: 'What was read, unjudged: the engine checks it in one place.',
    concerns: scripted,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const tokens = mintTokens();
        const run = await scene.grant(
          operation,
          scene.replying(operation, (ok) => withMore(ok(scene.sample(tokens)))),
        );
        const issued = returned(run, 'at a reply with members it does not know');
        compareTokens(scene, operation, issued, tokens, 'of a reply with unknown members');
      }
    },
  },
  {
    name: 'a reply that lacks something is no reason to break',
    says: 'A reply that is odd, with a member that is missing, `null` or of another kind, breaks nothing:',
    concerns: scripted,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        for (const [what, change, isFlag] of lacks(scene, operation)) {
          const tokens = mintTokens();
          const run = await scene.grant(
            operation,
            scene.replying(operation, (ok) => change(ok(scene.sample(tokens)))),
          );
          holds(
            !run.threw || TokenError.is(run.error),
            `${run.name} threw ${named(run.error)} at a reply ${what}`,
          );
          const left = JSON.stringify(change(scene.goodReply(operation, tokens)));
          // A flag may be what says that it is a success at all.
          if (operation !== 'refresh' || isFlag || !left.includes(tokens.refresh)) continue;
          holds(
            plain(run.value?.refreshToken) === tokens.refresh,
            `refresh() ${run.threw ? `threw ${named(run.error)}` : `returned ${shown(plain(run.value?.refreshToken))}`} at a reply ${what}: the refresh token in it is lost`,
          );
        }
      }
    },
  },
  {
    name: 'tokens that are none are handed on or refused, and never mended',
    says: 'A token is not trimmed, converted or mended: the engine refuses what is none.',
    concerns: scripted,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        for (const member of ['access', 'refresh'] as const) {
          for (const odd of oddTokens) await unmended(scene, operation, member, odd);
        }
      }
    },
  },
  {
    name: 'the same tokens twice are the same tokens',
    says: 'A provider keeps no state, starts no timer, reads no clock, and sends only through the `call` it is handed.',
    concerns: scripted,
    async check(scene) {
      const tokens = mintTokens();
      for (const operation of [...scene.facts.grants, ...scene.facts.grants]) {
        await same(scene, operation, tokens);
      }
    },
  },
  {
    name: 'without a new refresh token none is handed on',
    says: asFound,
    concerns: rotates,
    async check(scene) {
      const token = mintTokens().refresh;
      const { access } = mintTokens();
      for (const refresh of [undefined, null]) {
        const respond = scene.good('refresh', { access }, without(refresh));
        const run = await scene.refresh(token, respond);
        const { refreshToken } = returned(run, 'at a reply without a refresh token');
        const found = plain(refreshToken);
        holds(
          found !== token,
          'refresh() hands on the refresh token it was given as if it were a new one',
        );
        // A text made of parts may say it in a word.
        const reply = JSON.stringify(scene.goodReply('refresh', { access }, without(refresh)));
        const stands = typeof found === 'string' && found !== '' && reply.includes(found);
        holds(
          found === undefined || found === null || stands,
          `refresh() hands on ${shown(found)} where the reply has no refresh token`,
        );
      }
    },
  },
];

const without = (refresh: unknown) => (each: SampleTokens) => ({ ...each, refresh });

const oddTokens: readonly unknown[] = [
  ' leading',
  'trailing ',
  'in the middle',
  'line\nbreak',
  'ünï',
  '',
  42,
  true,
  ['listed-token'],
  { token: 'wrapped-token' },
];

async function unmended(
  scene: ProviderScene,
  operation: GrantOperation,
  member: 'access' | 'refresh',
  odd: unknown,
): Promise<void> {
  const instead = (each: SampleTokens) => ({ ...each, [member]: odd });
  const { body } = scene.goodReply(operation, mintTokens(), instead);
  // A header cannot carry it, and a cookie is trimmed by its own rules.
  if (!holdsValue(body, odd)) return;
  const respond = scene.good(operation, mintTokens(), instead);
  const run = await scene.grant(operation, respond);
  if (run.threw) {
    if (TokenError.is(run.error)) return;
    depart(`${run.name} threw ${named(run.error)} at ${shown(odd)} for the ${member} token`);
  }
  const { accessToken, refreshToken, sharesUpstreamToken } = returned(run, '');
  // A bearer that stands for itself is no reading of the reply.
  if (member === 'access' && sharesUpstreamToken === true) return;
  const read = plain(member === 'access' ? accessToken : refreshToken);
  holds(
    typeof read !== 'string' || read === odd,
    `${run.name} makes ${shown(read)} of ${shown(odd)} for the ${member} token`,
  );
}

async function same(
  scene: ProviderScene,
  operation: GrantOperation,
  tokens: StageTokens,
): Promise<void> {
  if (!scene.facts.scripted) {
    const issued = returned(await scene.grant(operation, scene.good(operation)), 'at a good reply');
    const isText = typeof plain(issued.accessToken) === 'string';
    holds(isText, `${operation}() returned no access token`);
    return;
  }
  const run = await scene.grant(operation, scene.good(operation, tokens));
  compareTokens(scene, operation, returned(run, 'at a good reply'), tokens, 'of a good reply');
}

function compareTokens(
  scene: ProviderScene,
  operation: GrantOperation,
  issued: IssuedTokens,
  { access, refresh }: StageTokens,
  where: string,
): void {
  const [readAccess, readRefresh] = [plain(issued.accessToken), plain(issued.refreshToken)];
  holds(
    readAccess === access,
    `${operation}() reads ${shown(readAccess)}, which is not the access token ${where}`,
  );
  // A reply may have no place for one.
  const carried = JSON.stringify(scene.goodReply(operation, { access, refresh })).includes(refresh);
  if (!scene.facts.refreshes || !carried) return;
  holds(
    readRefresh === refresh,
    `${operation}() reads ${shown(readRefresh)}, which is not the refresh token ${where}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same reply, with members that nobody asked for. */
function withMore(reply: DescribedReply): DescribedReply {
  if (!isObject(reply.body)) return reply;
  const more = { constructor: 'x', zz_new: { deep: [1, null] }, toString: null, zz_empty: '' };
  return { ...reply, body: { ...reply.body, ...more } };
}

/** Whether the value stands in a body as it is. */
export function holdsValue(value: unknown, wanted: unknown): boolean {
  if (isDeepStrictEqual(value, wanted)) return true;
  return isObject(value) && Object.values(value).some((member) => holdsValue(member, wanted));
}

type Change = readonly [
  what: string,
  change: (reply: DescribedReply) => DescribedReply,
  isFlag: boolean,
];

/** Every member of a good reply missing once, and once `null`, a number, and a list. */
function lacks(scene: ProviderScene, operation: GrantOperation): readonly Change[] {
  const { body } = scene.goodReply(operation, mintTokens());
  return pathsIn(body).flatMap((path) => {
    const name = path.join('.');
    const isFlag = typeof memberAt(body, path) === 'boolean';
    const to = (value: unknown) => (reply: DescribedReply) => ({
      ...reply,
      body: changed(reply.body, path, value),
    });
    return [
      [`without "${name}"`, to(undefined), isFlag],
      [`with "${name}": null`, to(null), isFlag],
      [`with "${name}": [7]`, to([7]), isFlag],
    ] satisfies Change[];
  });
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((each, name) => (isObject(each) ? each[name] : undefined), value);
}

function pathsIn(value: unknown): string[][] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    [name],
    ...pathsIn(member).map((path) => [name, ...path]),
  ]);
}

function changed(value: unknown, [name, ...path]: readonly string[], to: unknown): unknown {
  if (name === undefined) return to;
  if (!isObject(value)) return value;
  return { ...value, [name]: changed(value[name], path, to) };
}

import { isDeepStrictEqual } from 'node:util';
import { Secret, TokenError } from '@tokenkeep/core';
import { holds } from '../departure.js';
import type { ProviderRule } from '../provider-rule.js';
import { borrowCall } from '../stage/borrowed-call.js';
import { carries, type ProviderScene, type Run } from '../stage/provider-scene.js';
import { mintTokens } from '../stage/sample-tokens.js';
import { printed, secretsReadIn } from '../stage/secret-search.js';
import { shiftedDate } from '../stage/shifted-date.js';
import { strayWorkIn } from '../stage/stray-work.js';
import { WatchedCall } from '../stage/watched-call.js';
import { counted, inspectOne, named, returned, revokeOne } from './shown-runs.js';

const conduct =
  'A provider keeps no state, starts no timer, reads no clock, and sends only through the `call` it is handed.';

/** How a provider behaves between its requests. */
export const conductRules: readonly ProviderRule[] = [
  {
    name: 'it asks by `call` alone, and starts nothing of its own',
    says: conduct,
    async check(scene) {
      const runs: Run<unknown>[] = [];
      const begun = await strayWorkIn(async () => {
        runs.push(...(await everyOperation(scene)));
      });
      for (const { name, asked, sends } of runs) {
        holds(
          asked.length <= sends.length,
          `The server met ${counted(asked.length)} of ${name}, and call.send() was handed ${counted(sends.length)}`,
        );
      }
      holds(begun.length === 0, `An operation begins ${begun.join(' and ')} of its own`);
    },
  },
  {
    name: 'the clock of the machine changes nothing',
    says: conduct,
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const lives: unknown[] = [];
        for (const aheadMs of [0, 400 * 86_400_000]) {
          using _date = shiftedDate(aheadMs);
          const run = await scene.grant(operation, scene.good(operation));
          const { lifetimeMs, refreshLifetimeMs } = returned(run, 'at a good reply');
          lives.push([lifetimeMs, refreshLifetimeMs]);
        }
        holds(
          isDeepStrictEqual(lives[0], lives[1]),
          `${operation}() reads another lifetime where the clock of the machine is 400 days ahead`,
        );
      }
    },
  },
  {
    name: 'two accounts at once get each its own tokens',
    says: conduct,
    concerns: ({ scripted, server }) => scripted && (server.obtain.followedBy ?? []).length === 0,
    async check(scene) {
      const { provider } = scene;
      const [first, second] = [mintTokens(), mintTokens()];
      const own = [await scene.credentials(), await scene.credentials('wrong')] as const;
      const secrets = await scene.secrets();
      // The first one to ask is answered last.
      let arrived = () => {};
      const firstAsked = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const good = [scene.good('obtain', first), scene.good('obtain', second)] as const;
      const got: unknown[] = [];
      scene.server.begin((request, index) => {
        const reply = index === 0 ? good[0](request, 0) : good[1](request, 0);
        if (index > 0) return reply;
        arrived();
        return { ...reply, deliver: (wire) => answered.then(() => reply.deliver(wire)) };
      });
      let secondIsDone = () => {};
      const answered = new Promise<void>((resolve) => {
        secondIsDone = resolve;
      });
      await borrowCall(scene.clock, scene.exchange, async (lent) => {
        const call = new WatchedCall(lent, scene.clock);
        await call.during(async () => {
          const one = provider.obtain(own[0], call);
          await Promise.race([firstAsked, one.catch(() => {})]);
          const two = provider.obtain(own[1], call).finally(() => secondIsDone());
          const [a, b] = await Promise.allSettled([one, two]);
          for (const each of [a, b]) {
            got.push(each.status === 'fulfilled' ? each.value.accessToken : named(each.reason));
          }
        });
      });
      holds(
        got[0] === first.access && got[1] === second.access,
        'Two logins at once: each account has the token of the other, or none',
      );
      const mixed = scene.server.seen.findIndex((request, index) =>
        Object.entries(secrets).some(
          ([name, text]) =>
            !isShared(text, secrets) &&
            name.endsWith('of the other account') === (index === 0) &&
            carries(request, text),
        ),
      );
      holds(mixed < 0, 'Two logins at once: one carries a secret of the other account');
    },
  },
  {
    name: 'each login asks the server, and an instance remembers nothing of the last',
    says: conduct,
    async check(scene) {
      for (const operation of [...scene.facts.grants, ...scene.facts.grants]) {
        const run = await scene.grant(operation, scene.good(operation));
        holds(run.sends.length > 0, `${run.name} asks nobody when it is called again`);
      }
      const used = await scene.obtain(scene.good('obtain', mintTokens()));
      const fresh = await scene.obtain(scene.good('obtain', mintTokens()), {
        provider: scene.anotherProvider(),
      });
      holds(
        isDeepStrictEqual(used.sends.map(linesOf), fresh.sends.map(linesOf)),
        'A new instance asks for other things than one that has been used',
      );
    },
  },
  {
    name: 'a provider that has worked shows no secret when it is printed',
    says: conduct,
    async check(scene) {
      await everyOperation(scene);
      const [leaked] = secretsReadIn(printed(scene.provider), await scene.secrets());
      holds(leaked === undefined, `The provider keeps the ${leaked} in a member after a login`);
    },
  },
  {
    name: 'a refresh without credentials works, or says in words what is missing',
    says: '`credentials` are `undefined` where the account has none or they cannot be had now',
    concerns: ({ refreshes }) => refreshes,
    async check(scene) {
      const token = await scene.livingRefreshToken();
      const run = await scene.refresh(token, scene.good('refresh'), { credentials: undefined });
      if (!run.threw) return;
      holds(
        TokenError.is(run.error, 'CONFIGURATION_INVALID'),
        `refresh() throws ${named(run.error)} where there are no credentials, and not CONFIGURATION_INVALID`,
      );
      holds(
        run.asked.length === 0,
        'refresh() sends the refresh token, and then misses credentials',
      );
    },
  },
];

async function everyOperation(scene: ProviderScene): Promise<Run<unknown>[]> {
  const runs: Run<unknown>[] = [];
  for (const operation of scene.facts.grants) {
    runs.push(await scene.grant(operation, scene.good(operation)));
  }
  if (scene.facts.revokes) runs.push(await revokeOne(scene));
  if (scene.facts.inspects) runs.push(await inspectOne(scene));
  return runs;
}

function linesOf({ request }: Run<unknown>['sends'][number]): string {
  const url = Secret.of(request.url).reveal();
  return `${request.method} ${URL.canParse(url) ? new URL(url).pathname : ''}`;
}

/** Accounts may have a client in common. */
function isShared(text: string, secrets: Readonly<Record<string, string>>): boolean {
  return Object.values(secrets).filter((each) => each === text).length > 1;
}

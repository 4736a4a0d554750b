import { isDeepStrictEqual } from 'node:util';
import { Secret, TokenError } from '@tokenkeep/core';
import { holds } from '../departure.js';
import type { GrantOperation } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene, Run } from '../stage/provider-scene.js';
import { mintTokens, type StageTokens } from '../stage/sample-tokens.js';
import { inTheClear, printed, secretsReadIn } from '../stage/secret-search.js';
import { shiftedDate } from '../stage/shifted-date.js';
import { keepsNothing as conduct, type Send } from '../stage/watched-call.js';
import { differencesIn } from './sent-requests.js';
import { counted, inspectOne, named, plain, returned, revokeOne } from './shown-runs.js';

/** How a provider behaves between its requests. */
export const conductRules: readonly ProviderRule[] = [
  {
    name: 'it asks by `call` alone, and starts nothing of its own',
    says: conduct,
    async check(scene) {
      scene.anotherProvider();
      const begun = [...scene.making.begun].join(' and ');
      holds(begun === '', `Making a provider begins ${begun}`);
      for (const { name, asked, sends } of await everyOperation(scene)) {
        holds(
          asked.length <= sends.length,
          `The server met ${counted(asked.length)} of ${name}, and call.send() was handed ${counted(sends.length)}`,
        );
      }
    },
  },
  {
    name: 'the clock of the machine changes nothing',
    says: conduct,
    async check(scene) {
      using _date = shiftedDate();
      for (const operation of scene.facts.grants) {
        const lives: unknown[] = [];
        for (const aheadMs of [0, 400 * 86_400_000]) {
          const run = await scene.grant(operation, scene.good(operation), { aheadMs });
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
    concerns: ({ scripted }) => scripted,
    async check(scene) {
      await bothAtOnce(scene, 'obtain', 'obtain', 'Two logins');
      if (!scene.facts.refreshes) return;
      await bothAtOnce(scene, 'refresh', 'refresh', 'Two refreshes');
      await bothAtOnce(scene, 'obtain', 'refresh', 'A login and a refresh');
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
      for (const operation of scene.facts.grants) {
        for (const credentials of [await scene.credentials(), undefined]) {
          if (operation === 'obtain' && credentials === undefined) continue;
          const last = await loginOfTheOther(scene);
          const run = await scene.grant(operation, scene.good(operation), { credentials });
          const [leaked] = secretsReadIn(textOf(run.sends), last, false);
          holds(leaked === undefined, `${run.name} sends the ${leaked}, of the login before it`);
        }
        if (operation === 'obtain' || scene.facts.scripted) await sameAsNew(scene, operation);
      }
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

/** One grant for each of the two accounts, at the same time. The second one is answered first. */
async function bothAtOnce(
  scene: ProviderScene,
  firstDoes: GrantOperation,
  secondDoes: GrantOperation,
  what: string,
): Promise<void> {
  const { provider } = scene;
  const accounts = await Promise.all(
    (['right', 'wrong'] as const).map(async (whose) => ({
      credentials: await scene.credentials(whose),
      hidden: await ownSecrets(scene, whose),
      token: mintTokens().refresh,
      issued: mintTokens(),
    })),
  );
  const [first, second] = accounts as [(typeof accounts)[0], (typeof accounts)[0]];
  const grantFor =
    (
      operation: GrantOperation,
      { credentials, token }: typeof first,
    ): Parameters<ProviderScene['both']>[0] =>
    async (call) => {
      if (operation === 'obtain') return provider.obtain(credentials, call);
      if (provider.refresh === undefined) throw new TypeError('there is no refresh()');
      return provider.refresh(new Secret(token), call, credentials);
    };
  const good = [
    scene.good(firstDoes, first.issued),
    scene.good(secondDoes, second.issued),
  ] as const;
  const ahead = scene.requestsOf(secondDoes);
  const ended = await scene.both(
    grantFor(firstDoes, first),
    grantFor(secondDoes, second),
    (request, index) => (index < ahead ? good[1](request, index) : good[0](request, index - ahead)),
  );
  for (const [at, { issued, sends }] of ended.entries()) {
    const [own, other] = at === 0 ? [first, second] : [second, first];
    const mixed = { ...other.hidden, 'refresh token of the other account': other.token };
    const [leaked] = secretsReadIn(textOf(sends), mixed, false);
    holds(leaked === undefined, `${what} at once: one sends the ${leaked}`);
    holds(
      plain(issued?.accessToken) === own.issued.access,
      `${what} at once: each account has the token of the other, or none`,
    );
  }
}

/** What is secret of a login of the other account that has just been, by name. */
async function loginOfTheOther(scene: ProviderScene): Promise<Readonly<Record<string, string>>> {
  const tokens: StageTokens = mintTokens();
  const credentials = await scene.credentials('wrong');
  await scene.obtain(scene.good('obtain', tokens), { credentials });
  const secrets = await ownSecrets(scene, 'wrong');
  return { ...secrets, 'access token': tokens.access, 'refresh token': tokens.refresh };
}

/** The secrets of one account alone: a client may be common to both. */
async function ownSecrets(
  scene: ProviderScene,
  whose: 'right' | 'wrong',
): Promise<Readonly<Record<string, string>>> {
  const secrets = Object.entries(await scene.secrets());
  const shared = (text: string) => secrets.filter(([, each]) => each === text).length > 1;
  return Object.fromEntries(
    secrets.filter(
      ([name, text]) =>
        name.endsWith('of the other account') === (whose === 'wrong') && !shared(text),
    ),
  );
}

/** What a used instance sends is what new ones send, but for what each of those sends anew. */
async function sameAsNew(scene: ProviderScene, operation: GrantOperation): Promise<void> {
  const token = mintTokens().refresh;
  const good = () => scene.good(operation);
  const used = await scene.grant(operation, good(), { token });
  const [one, two] = [
    await scene.grant(operation, good(), { token, provider: scene.anotherProvider() }),
    await scene.grant(operation, good(), { token, provider: scene.anotherProvider() }),
  ];
  const [differs] = differencesIn(used.sends, one.sends, two.sends);
  holds(
    differs === undefined,
    `${used.name} of an instance that has been used sends another "${differs}" than that of a new one`,
  );
}

function textOf(sends: readonly Send[]): string {
  return JSON.stringify(sends.map(({ request }) => inTheClear(request)));
}

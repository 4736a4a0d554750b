import { createTokenEngine, TokenError, type TokenProvider } from '@tokenkeep/core';
import { depart, holds } from '../departure.js';
import type { ProviderRule } from '../provider-rule.js';
import { secretsReadIn } from '../stage/secret-search.js';

/** What can be seen before anything is sent. */
export const shapeRules: readonly ProviderRule[] = [
  {
    name: 'an engine takes it: version, id, members and profile',
    says: '`PROVIDER_CONTRACT`; a plug-in for another version is refused in words',
    async check({ provider }) {
      const complaint = await complaintAbout(provider);
      if (complaint !== undefined) depart(`An engine refuses it: ${complaint}`);
    },
  },
  {
    name: 'its origins are origins',
    says: 'where may its tokens be sent? Stated for packages that send; the engine itself does not',
    async check({ provider }) {
      const { apiOrigins } = provider.profile;
      holds(apiOrigins.length > 0, 'profile.apiOrigins is empty: its tokens may be sent nowhere');
      const wrong = apiOrigins.find((text) => !URL.canParse(text) || new URL(text).origin !== text);
      holds(wrong === undefined, `profile.apiOrigins has "${wrong}", which is no origin`);
      const open = apiOrigins.find((text) => !isPrivate(new URL(text)));
      holds(
        open === undefined,
        `profile.apiOrigins has "${open}": tokens would be sent where everybody can read them`,
      );
    },
  },
  {
    name: 'made twice for one server, it is the same provider',
    says: 'part of every account id and of every sealed value. Never change it',
    async check(scene) {
      const [one, two] = [scene.provider, scene.anotherProvider()];
      holds(one.id === two.id, 'Made twice it has two ids');
      const [first, second] = [one, two].map(({ profile }) => JSON.stringify(profile));
      holds(first === second, 'Made twice it has two profiles');
    },
  },
  {
    name: 'its lifetimes fit together',
    says: '`defaultMs` where none is stated, `maxMs`, `zeroMeans`',
    async check({ provider }) {
      const { defaultMs, maxMs, zeroMeans } = provider.profile.lifetime;
      holds(
        defaultMs <= maxMs,
        `profile.lifetime takes ${defaultMs} ms where none is stated, which is more than maxMs, ${maxMs}`,
      );
      holds(
        ['invalid', 'never'].includes(zeroMeans),
        `profile.lifetime.zeroMeans is ${JSON.stringify(zeroMeans)}`,
      );
    },
  },
  {
    name: 'what proves that nothing was processed is a refusal',
    says: 'which statuses prove that the server did not act? Redirects always do',
    async check({ provider }) {
      const wrong = provider.profile.notProcessed.find(
        (status) => !(status >= 400 && status < 600),
      );
      holds(
        wrong === undefined,
        `profile.notProcessed has ${wrong}: only 400 to 599 can be refusals, and a success has been processed`,
      );
    },
  },
  {
    name: 'its budgets can be counted, by a key without secrets',
    says: 'what the vendor counts by. Accounts with one key share a budget.',
    concerns: ({ profile }) => (profile.budgets ?? []).length > 0,
    async check(scene) {
      const secrets = await scene.secrets();
      const credentials = await scene.credentials();
      const others = scene.anotherProvider().profile.budgets;
      for (const [at, budget] of scene.provider.profile.budgets.entries()) {
        const { operation, limit, reserve = 0, windowMs, burst, refillMs } = budget;
        const name = `The budget of ${operation}`;
        holds(['obtain', 'refresh'].includes(operation), `${name} is for no operation`);
        holds(
          Number.isInteger(limit) && limit > 0 && limit <= 1_000 && reserve >= 0 && reserve < limit,
          `${name} has limit ${limit} and reserve ${reserve}: at most 1,000, and some left to spend`,
        );
        holds(
          windowMs > 0 && burst > 0 && refillMs > 0,
          `${name} needs windowMs, burst and refillMs above 0`,
        );
        const [key, again] = [budget.key(credentials), budget.key(credentials)];
        const other = others[at]?.key(credentials);
        const same = typeof key === 'string' && key === again && key === other;
        holds(same, `${name} has another key each time`);
        const [leaked] = secretsReadIn(key, secrets);
        holds(leaked === undefined, `${name} has a key in which the ${leaked} can be read`);
      }
    },
  },
];

/** Only its own machine hears what is sent to a loopback address in the clear. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** Why an engine does not take a provider, in the engine's words. */
async function complaintAbout(provider: TokenProvider): Promise<string | undefined> {
  try {
    const engine = await createTokenEngine({ providers: [provider], accounts: [] });
    await engine.stop();
    return undefined;
  } catch (error) {
    return TokenError.is(error) ? error.message : String(error);
  }
}

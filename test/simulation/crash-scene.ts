import type { CrashPoint } from '@tokenkeep/core';
import type { Service, Simulation } from '@tokenkeep/testing/simulation';
import type { ServedAccounts } from './served-accounts.js';
import { type Answer, steadyCallers } from './steady-callers.js';
import { watchedSimulation } from './watched-simulation.js';

/** How long an access token lives in these scenes. Renewed ahead, it is due at eight minutes. */
export const lifeMs = 600_000;
const dueAtMs = 480_000;
/** After a death: time in which a request that had left arrives at its server. */
const arrivalMs = 1_000;
/** Longer than every doubt lasts, and than what is left of an old token that lives. */
const watchedMs = { lives: 150_000, 'has ended': 125_000 } as const;
const callersEveryMs = 2_000;
const firstHost = 'first host';

/** How the account of a scene comes to its tokens and renews them. */
export interface CrashKind {
  serve(simulation: Simulation): ServedAccounts;
  /** It has no credentials: its first tokens are imported. */
  readonly imported?: true;
}

export interface CrashScene {
  readonly kind: CrashKind;
  readonly point: CrashPoint;
  /** Where the next life begins: only on the same host it knows that the first one is over. */
  readonly restart: 'the same host' | 'another host';
  /** Whether the old token still serves when its renewal is killed. */
  readonly oldToken: 'lives' | 'has ended';
  /** Of a request whose writing was cut short, whether the server got it. */
  readonly arrives?: boolean;
}

/** What became of the account. Times are true ms since the simulation began. */
export interface CrashSequel {
  /** The process died: there is such an instant in a renewal of this kind. */
  readonly died: boolean;
  /** Where the first life stopped, a single-use refresh token stands as sent in the record. */
  readonly inDoubt: boolean;
  readonly restartedAt: number;
  readonly answers: readonly Answer[];
  /** Requests at the server after the restart: `refresh issued`. */
  readonly requests: readonly { readonly at: number; readonly what: string }[];
  /** Each time the engine asked for a person, and why. */
  readonly personAsked: readonly { readonly at: number; readonly reason: unknown }[];
  /** The access token from before, and when the server ends it. */
  readonly old: { readonly token: string; readonly endsAt: number };
  readonly second: Service;
  readonly simulation: Simulation;
  readonly served: ServedAccounts;
}

/** One renewal, killed at one point, and the next life of the service. */
export async function playCrash(scene: CrashScene): Promise<CrashSequel> {
  if (scene.arrives === undefined) return (await playSeed(scene, 1)).sequel;
  for (let seed = 1; seed < 20; seed += 1) {
    const { sequel, arrived } = await playSeed(scene, seed);
    if (arrived === scene.arrives) return sequel;
  }
  throw new Error('In 20 simulations the request never fared as the scene wants it.');
}

async function playSeed(scene: CrashScene, seed: number) {
  const simulation = watchedSimulation({ seed });
  const served = scene.kind.serve(simulation);
  const { log } = served.server.authority;
  const personAsked: { at: number; reason: unknown }[] = [];
  simulation.watch({
    told(_process, event, { reason }) {
      if (event !== 'account:reauthorization_required') return;
      personAsked.push({ at: simulation.now, reason });
    },
  });
  const { arrived, ...death } = await firstLife(scene, simulation, served);

  const askedByFirst = log.length;
  const { providers, accounts } = served;
  const host = simulation.host(scene.restart === 'the same host' ? firstHost : 'second host');
  const second = await simulation.start('service', { host, providers, accounts });
  const restartedAt = simulation.now;
  const answers = steadyCallers(simulation, second, 'crm', callersEveryMs);
  await simulation.play(watchedMs[scene.oldToken]);
  const startedAt = simulation.time.now() - simulation.now;
  const requests = log.entries.slice(askedByFirst).map(({ at, operation, outcome }) => ({
    at: at - startedAt,
    what: `${operation} ${outcome}`,
  }));
  const sequel: CrashSequel = {
    ...death,
    restartedAt,
    answers,
    requests,
    personAsked,
    second,
    simulation,
    served,
  };
  return { sequel, arrived };
}

/** From the first tokens to the death in the middle of their renewal. */
async function firstLife(
  { kind, point, oldToken }: CrashScene,
  simulation: Simulation,
  served: ServedAccounts,
) {
  const { providers, accounts, server } = served;
  const { truth, log } = server.authority;
  const crash = { armed: false };
  const service = await simulation.start('service', {
    host: simulation.host(firstHost),
    providers,
    accounts,
    background: false,
    onCrashPoint: (at) => (crash.armed && at === point ? 'dies' : undefined),
  });
  if (kind.imported) await importFirst(simulation, service, served);
  else await simulation.playUntil(service.getToken('crm'));
  await simulation.play(oldToken === 'lives' ? dueAtMs : lifeMs + 10_000);

  const { accessToken: token = '', accessEndsAt = 0 } = truth.current('crm') ?? {};
  const old = { token, endsAt: accessEndsAt - simulation.time.now() + simulation.now };
  const asked = log.length;
  crash.armed = true;
  const renewal = oldToken === 'lives' ? service.engine.renew('crm') : service.getToken('crm');
  const end = { isSettled: false };
  const settle = () => {
    end.isSettled = service.isAlive;
  };
  renewal.then(settle, settle);
  const isOver = () => end.isSettled || !service.isAlive;
  await simulation.kernel.playUntil(simulation.now + 60_000, isOver);
  const died = !service.isAlive;
  service.kill();
  await simulation.play(arrivalMs);
  const { body } = simulation.store.account(idOf(served)) ?? {};
  return {
    died,
    inDoubt: body?.includes('"sent":') ?? false,
    old,
    arrived: log.length > asked,
  };
}

/** Tokens that somebody else obtained, at the moment of their making. */
async function importFirst(simulation: Simulation, service: Service, { server }: ServedAccounts) {
  const { accessToken, refresh } = server.authority.truth.tokens.login('crm');
  const tokens = { accessToken, refreshToken: refresh?.token, lifetimeMs: lifeMs };
  await simulation.playUntil(service.engine.accounts.import('crm', tokens));
}

function idOf({ accounts }: ServedAccounts): string {
  const { provider, account } = accounts.find(({ account }) => account === 'crm') ?? {};
  return `${provider}/${account}`;
}

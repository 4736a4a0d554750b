import type { Escrow, EscrowEntry, EventName, Logger } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import { StoreSwitch } from './failing-store.js';
import { RestartingProcess } from './restarting-process.js';
import { authRefreshWorld, chatAppLogin, chatAppWorld, oauth20World, type World } from './world.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Scenario = (world: World, logger: Logger) => Promise<unknown>;

async function crm(world: World, logger: Logger, life = HOUR) {
  const { server, ...setup } = await authRefreshWorld(world, {
    authority: { rules: { accessLifeMs: life } },
  });
  const engine = await world.engine({ ...setup, logger });
  await world.run(engine.getToken('crm'));
  return { server, setup, engine };
}

async function shop(world: World, logger: Logger) {
  const { server, ...setup } = await oauth20World(world);
  const engine = await world.engine({ ...setup, logger });
  engine.start();
  await world.run(engine.getToken('shop'));
  await world.clock.advance(10 * MINUTE);
  return { server, engine };
}

/** A refresh that takes 10 s, and a login by hand meanwhile. */
async function overtaken(world: World, logger: Logger) {
  const { server, engine } = await crm(world, logger);
  await world.clock.advance(HOUR);
  server.faults.next('refresh', fault.delay(10 * SECOND));
  const waiting = engine.getToken('crm');
  await world.clock.advance(SECOND);
  await world.run(engine.login('crm'), 5 * SECOND);
  await world.run(waiting);
  await world.clock.advance(MINUTE);
}

/** A store that fails between the reply and the commit; then perhaps another process. */
async function escrowed(world: World, logger: Logger, then: 'restart' | 'login-then-restart') {
  const { server, ...setup } = await authRefreshWorld(world);
  const cable = new StoreSwitch(world.store, () => world.clock.now());
  const escrow = memoryEscrow();
  const first = new RestartingProcess(world, { ...setup, escrow, logger, store: cable.store });
  const engine = await first.start();
  await world.run(engine.getToken('crm'));
  await world.clock.advance(HOUR);
  const cut = server.onProcessed(() => {
    cable.down = true;
    cut[Symbol.dispose]();
  });
  await world.run(engine.getToken('crm'));
  first.kill();
  if (then === 'login-then-restart') {
    const person = await world.engine(setup);
    await world.run(person.login('crm'));
  }
  await world.engine({ ...setup, escrow, logger });
}

/** For each event, something that happens to a service, and makes the engine tell it. */
export const scenarios: Record<EventName, Scenario> = {
  'token:obtained': crm,
  'renewal:started': crm,
  'engine:warning': crm,
  async 'token:renewed'(world, logger) {
    const { engine } = await crm(world, logger);
    await world.clock.advance(HOUR);
    await world.run(engine.getToken('crm'));
  },
  async 'token:imported'(world, logger) {
    const { engine } = await crm(world, logger);
    await world.run(engine.accounts.import('crm', { accessToken: 'from-elsewhere' }));
  },
  async 'token:adopted'(world, logger) {
    const { setup } = await crm(world, logger);
    const other = await world.engine({ ...setup, logger });
    await world.run(other.getToken('crm'));
  },
  async 'token:refused'(world, logger) {
    const { engine } = await crm(world, logger);
    engine.reject('crm', 1);
    await world.clock.advance(SECOND);
  },
  async 'token:rotated'(world, logger) {
    const { engine } = await shop(world, logger);
    await world.run(engine.rotate('shop'));
  },
  async 'token:revoked'(world, logger) {
    const { engine } = await shop(world, logger);
    await world.run(engine.revoke('shop'));
  },
  async 'revocation:abandoned'(world, logger) {
    const { server, engine } = await shop(world, logger);
    server.faults.always('revoke', fault.unprocessed(fault.status(503)));
    await world.run(engine.revoke('shop'));
    await world.clock.advance(DAY);
  },
  async 'renewal:failed'(world, logger) {
    const { server, engine } = await crm(world, logger);
    server.faults.next('refresh', fault.unprocessed(fault.status(503)));
    await world.clock.advance(10 * MINUTE);
    await world.run(engine.renew('crm')).catch(() => {});
  },
  async 'renewal:in_doubt'(world, logger) {
    const { server, engine } = await crm(world, logger);
    server.faults.next('refresh', fault.dropAfterProcessing());
    await world.clock.advance(10 * MINUTE);
    await world.run(engine.renew('crm')).catch(() => {});
  },
  async 'claim:taken_over'(world, logger) {
    const { server, ...setup } = await authRefreshWorld(world);
    const dying = new RestartingProcess(world, { ...setup, logger });
    const engine = await dying.start();
    server.faults.next('obtain', fault.hang());
    engine.getToken('crm').catch(() => {});
    await world.clock.advance(2 * SECOND);
    dying.kill();
    const next = await world.engine({ ...setup, logger });
    await world.clock.advance(MINUTE);
    await world.run(next.getToken('crm'));
  },
  'claim:lost': overtaken,
  async 'guard:tripped'(world, logger) {
    const { engine } = await crm(world, logger);
    await world.run(engine.renew('crm')).catch(() => {});
  },
  async 'budget:exhausted'(world, logger) {
    const { server, ...setup } = await chatAppWorld(world);
    server.faults.always('obtain', fault.dropAfterProcessing());
    const engine = await world.engine({ ...setup, logger });
    for (let login = 0; login < 8; login += 1) {
      await world.run(engine.login('crm')).catch(() => {});
      await world.clock.advance(MINUTE);
    }
  },
  async 'breaker:changed'(world, logger) {
    const { server, engine } = await crm(world, logger, 2 * MINUTE);
    engine.start();
    server.faults.always('any', fault.unprocessed(fault.status(503)));
    await world.clock.advance(10 * MINUTE);
  },
  'provider:incident_began': incident,
  'provider:incident_ended': incident,
  async 'account:reauthorization_required'(world, logger) {
    const { server, setup, engine: seed } = await crm(world, logger);
    await world.run(seed.stop());
    server.truth.revokeFamily('crm');
    await world.clock.advance(HOUR);
    const accounts = setup.accounts.map(({ credentials: _unknown, ...account }) => account);
    const engine = await world.engine({ ...setup, accounts, logger });
    await world.run(engine.getToken('crm')).catch(() => {});
  },
  async 'account:credentials_rejected'(world, logger) {
    const credentials = { ...chatAppLogin, password: 'wrong' };
    const { server: _server, ...setup } = await chatAppWorld(world, { account: { credentials } });
    const engine = await world.engine({ ...setup, logger });
    await world.run(engine.getToken('crm')).catch(() => {});
  },
  async 'anomaly:detected'(world, logger) {
    const { server, ...setup } = await authRefreshWorld(world);
    server.faults.next(
      'obtain',
      fault.mutate((body) => ({ ...body, tokenLifetime: undefined })),
    );
    const engine = await world.engine({ ...setup, logger });
    await world.run(engine.getToken('crm'));
  },
  'escrow:written': (world, logger) => escrowed(world, logger, 'restart'),
  'escrow:replayed': (world, logger) => escrowed(world, logger, 'restart'),
  'escrow:discarded': (world, logger) => escrowed(world, logger, 'login-then-restart'),
  'store:unavailable': outage,
  'store:recovered': outage,
  async 'clock:suspended'(world, logger) {
    const { engine } = await crm(world, logger);
    engine.start();
    await world.clock.suspend(2 * HOUR);
    await world.clock.advance(SECOND);
  },
};

/** All of ten accounts are refused, for ten minutes. */
async function incident(world: World, logger: Logger) {
  const fleet = Array.from({ length: 10 }, (_, index) => ({
    accountId: `shop-${index}`,
    username: `ada-${index}`,
    password: `pw-${index}`,
  }));
  const { server, providers } = await authRefreshWorld(world, { authority: { accounts: fleet } });
  const accounts = fleet.map(({ accountId, ...credentials }) => ({
    provider: 'crm-api',
    account: accountId,
    credentials,
  }));
  const engine = await world.engine({ providers, accounts, logger });
  engine.start();
  await world.clock.advance(30 * MINUTE);
  server.faults.always('any', fault.json({ error: 'invalid_grant' }, 400));
  await world.clock.advance(20 * MINUTE);
  server.faults.clear();
  await world.clock.advance(10 * MINUTE);
}

async function outage(world: World, logger: Logger) {
  const { server: _server, ...setup } = await authRefreshWorld(world);
  const cable = new StoreSwitch(world.store, () => world.clock.now());
  const engine = await world.engine({ ...setup, logger, store: cable.store });
  await world.run(engine.getToken('crm'));
  for (const down of [true, false]) {
    cable.down = down;
    await world.clock.advance(2 * SECOND);
    await world.run(engine.getToken('crm'));
  }
}

function memoryEscrow(): Escrow {
  const kept = new Map<string, EscrowEntry>();
  return {
    async put(entry) {
      kept.set(entry.attemptId, entry);
      return true;
    },
    entries: async () => [...kept.values()],
    remove: async (attemptId) => void kept.delete(attemptId),
    close: async () => {},
  };
}

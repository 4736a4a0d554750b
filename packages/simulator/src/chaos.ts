import type { Dice } from '@tokenkeep/testing/simulation';
import type { Disturbance } from './draw.js';
import type { Fleet } from './fleet.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How often each disturbance happened in a run. */
export type DisturbanceCounts = Map<Disturbance, number>;

/** One kind of trouble: done to the fleet now, and perhaps undone later. */
type Trouble = (fleet: Fleet, dice: Dice) => void;

/** Lets `undo` happen after a time between the two, most of them short. */
function lasting(fleet: Fleet, dice: Dice, shortest: number, longest: number, undo: () => void) {
  const ms = Math.exp(dice.between(Math.log(shortest), Math.log(longest)));
  fleet.simulation.kernel.after(ms, undo);
}

const troubles: Partial<Record<Disturbance, Trouble>> = {
  crash(fleet, dice) {
    fleet.crash(dice.pick(fleet.slots));
  },
  'power loss'(fleet, dice) {
    const { host } = dice.pick(fleet.slots);
    if (host.isUp && !host.isSuspended) fleet.losePower(host);
  },
  pause(fleet, dice) {
    const { service } = dice.pick(fleet.slots);
    if (service?.isAlive !== true) return;
    fleet.counts.pauses += 1;
    void service.pause(Math.exp(dice.between(Math.log(100), Math.log(10 * minute))));
  },
  suspend(fleet, dice) {
    const { host } = dice.pick(fleet.slots);
    if (!host.isUp || host.isSuspended) return;
    host.suspend();
    lasting(fleet, dice, 10 * second, 3 * hour, () => host.resume());
  },
  'wall clock'(fleet, dice) {
    const { host } = dice.pick(fleet.slots);
    host.stepWall(dice.pick([-1, 1]) * dice.pick([hour, 24 * hour, 365 * 24 * hour]));
  },
  'store outage'(fleet, dice) {
    const { store } = fleet.simulation;
    store.isDown = true;
    lasting(fleet, dice, second, 10 * minute, () => {
      store.isDown = false;
    });
  },
  'store cut off'(fleet, dice) {
    const { store } = fleet.simulation;
    const { service } = dice.pick(fleet.slots);
    if (service === undefined) return;
    store.cutOff(service.process);
    lasting(fleet, dice, second, 5 * minute, () => store.cutOff(service.process, false));
  },
  disk(fleet, dice) {
    const { faults } = dice.pick(fleet.slots).host.disk;
    const kind = dice.pick(['full', 'errors', 'slow'] as const);
    if (kind === 'full') faults.isFull = true;
    if (kind === 'errors') faults.errors = 0.3;
    if (kind === 'slow') faults.slowness = 300;
    lasting(fleet, dice, second, 20 * minute, () => {
      Object.assign(faults, { isFull: false, errors: 0, slowness: 1 });
    });
  },
  'provider outage'(fleet, dice) {
    const server = dice.pick(fleet.servers);
    server.isDown = true;
    lasting(fleet, dice, 5 * second, 6 * hour, () => {
      server.isDown = false;
    });
  },
  'provider incident'(fleet, dice) {
    const { truth } = dice.pick(fleet.servers).authority;
    truth.refuseAllRefreshTokens();
    lasting(fleet, dice, 10 * second, 20 * minute, () => truth.refuseAllRefreshTokens(false));
  },
  'provider clock'(fleet, dice) {
    dice.pick(fleet.servers).authority.dateSkewMs = dice.between(-10, 10) * 24 * hour;
  },
  'provider revokes'(fleet, dice) {
    const { truth } = dice.pick(fleet.servers).authority;
    const [accountId] = [...truth.accounts.keys()].sort(() => dice.float() - 0.5);
    if (accountId === undefined) return;
    const how = dice.pick(['revokeAccess', 'killRefreshToken', 'revokeFamily'] as const);
    truth[how](accountId);
  },
  person(fleet, dice) {
    const { account } = dice.pick(fleet.accounts);
    const [service] = fleet.running();
    if (service === undefined) return;
    const comesBack = () => service.engine.login(account).catch(() => {});
    if (dice.chance(0.7)) void comesBack();
    else void service.engine.revoke(account).then(comesBack, () => {});
  },
  session(fleet, dice) {
    const { account } = dice.pick(fleet.accounts);
    const { service } = dice.pick(fleet.slots);
    if (service?.isAlive !== true || !service.isOpen) return;
    const { engine, process } = service;
    const use = () => process.idle(dice.between(second, 10 * minute));
    void engine
      .withSession(account, async (session) => {
        await session.getToken();
        await use();
      })
      .catch(() => {});
  },
  rotation(fleet, dice) {
    const { account } = dice.pick(fleet.accounts);
    const service = dice.pick(fleet.slots).service;
    if (service?.isAlive && service.isOpen) void service.engine.rotate(account).catch(() => {});
  },
};

/** Lets the drawn troubles happen, each at random times, until the fleet is calm. */
export function disturb(fleet: Fleet, counts: DisturbanceCounts): void {
  const { simulation, draw } = fleet;
  const { kernel, network, store } = simulation;
  if (fleet.suffers('network')) {
    for (const fault of draw.networkFaults) network.rates.set(fault, draw.networkRate);
  }
  if (fleet.suffers('store calls')) {
    const rate = draw.networkRate / 4;
    Object.assign(store.faults, {
      refused: rate,
      requestLost: rate,
      acknowledgementLost: rate,
      late: rate,
      slow: rate,
    });
  }
  for (const disturbance of draw.disturbances) {
    const trouble = troubles[disturbance];
    if (trouble === undefined) continue;
    const dice = kernel.diceFor(disturbance);
    const next = () => {
      kernel.after(dice.exponential(draw.disturbEveryMs), () => {
        if (fleet.isCalm) return;
        kernel.resumed();
        kernel.note('chaos', disturbance);
        counts.set(disturbance, (counts.get(disturbance) ?? 0) + 1);
        trouble(fleet, dice);
        next();
      });
    };
    next();
  }
}

/** Everything heals, at once. */
export function heal(fleet: Fleet): void {
  const { network, store, hosts, kernel } = fleet.simulation;
  kernel.note('chaos', 'over');
  fleet.isCalm = true;
  network.rates.clear();
  Object.assign(store.faults, {
    refused: 0,
    requestLost: 0,
    acknowledgementLost: 0,
    late: 0,
    slow: 0,
  });
  store.isDown = false;
  store.joinAll();
  for (const server of fleet.servers) {
    server.isDown = false;
    server.authority.truth.refuseAllRefreshTokens(false);
  }
  for (const host of hosts.values()) {
    Object.assign(host.disk.faults, { isFull: false, errors: 0, slowness: 1 });
    host.powerOn();
    host.resume();
    for (const process of host.processes) while (process.isHeld) process.release();
  }
  fleet.start();
}

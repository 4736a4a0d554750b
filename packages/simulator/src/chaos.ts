import { jsonReply } from '@tokenkeep/testing';
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

/** Where replies state how long an access token lives. */
const lifeOfAccess = /"(tokenLifetime|expires_in|expiresIn|accessTokenEndTime)":[^,}]*/g;

/** Lets `undo` happen after a time between the two, most of them short. */
function lasting(fleet: Fleet, dice: Dice, shortest: number, longest: number, undo: () => void) {
  const ms = Math.exp(dice.between(Math.log(shortest), Math.log(longest)));
  fleet.simulation.kernel.after(ms, undo);
}

const troubles: Partial<Record<Disturbance, Trouble>> = {
  crash(fleet, dice) {
    fleet.crash(dice.pick(fleet.slots));
  },
  'power loss': losePower,
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
  'provider trouble'(fleet, dice) {
    const { faults } = dice.pick(fleet.servers);
    const fault = dice.pick([
      'busy',
      'throttled',
      'error before',
      'error after',
      'page after',
    ] as const);
    switch (dice.pick(['a while', 'some requests', 'unexplained'])) {
      case 'a while':
        faults.always('any', fault);
        lasting(fleet, dice, 5 * second, 2 * hour, () => void faults.clear('any'));
        break;
      case 'some requests':
        faults.next('any', ...Array.from({ length: dice.whole(1, 8) }, () => fault));
        break;
      case 'unexplained':
        // Not three times in a row: then it would be believed.
        faults.next(
          'refresh',
          ...Array.from({ length: dice.whole(1, 2) }, () => jsonReply(400, {})),
        );
    }
  },
  'provider garbles'(fleet, dice) {
    const server = dice.pick(fleet.servers);
    const life = dice.pick(['"soon"', 'null', '[]', '"1e3"', '0', '-1', '0.5']);
    server.garble = (reply) => ({
      ...reply,
      body: Buffer.from(String(reply.body).replace(lifeOfAccess, `"$1":${life}`)),
    });
    lasting(fleet, dice, minute, 2 * hour, () => {
      server.garble = undefined;
    });
  },
  'api refuses'(fleet, dice) {
    const { truth } = dice.pick(fleet.servers).authority;
    truth.rejectAllAccessTokens();
    lasting(fleet, dice, 5 * second, 20 * minute, () => truth.rejectAllAccessTokens(false));
  },
  person(fleet, dice) {
    personActs(fleet, dice);
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

function losePower(fleet: Fleet, dice: Dice): void {
  const { host } = dice.pick(fleet.slots);
  if (host.isUp && !host.isSuspended) fleet.losePower(host);
}

/** Somebody logs an account in, or revokes it and comes back some time later. */
function personActs(fleet: Fleet, dice: Dice): void {
  const { account } = dice.pick(fleet.accounts);
  const logsIn = () => {
    const [service] = fleet.running();
    void service?.engine.login(account).catch(() => {});
  };
  if (dice.chance(0.7)) {
    logsIn();
    return;
  }
  const [service] = fleet.running();
  void service?.engine.revoke(account).catch(() => {});
  lasting(fleet, dice, 50, hour, () => {
    fleet.simulation.kernel.resumed();
    logsIn();
  });
}

/** What happens in the middle of a renewal, and not just at any time. */
const troublesAtPoints: Partial<Record<Disturbance, Trouble>> = {
  'store point'(fleet, dice) {
    const { store, kernel } = fleet.simulation;
    store.isDown = true;
    // Around a lease, a time-out, and the time after which somebody else may send again.
    kernel.after(dice.pick([1, 8, 15, 60, 120]) * second * dice.between(0.8, 1.2), () => {
      store.isDown = false;
    });
  },
  'person point'(fleet, dice) {
    personActs(fleet, dice);
  },
  'power loss': losePower,
};

/** Chance per crash point. */
const atPointRate = 0.005;

function disturbAtPoints(fleet: Fleet, counts: DisturbanceCounts): void {
  const { kernel } = fleet.simulation;
  const drawn = Object.entries(troublesAtPoints).map(([name, trouble]) => ({
    disturbance: name as Disturbance,
    trouble,
    dice: kernel.diceFor(name),
  }));
  const { timesAtPoints: times = 1 } = fleet.draw;
  fleet.onPoint = () => {
    for (const { disturbance, trouble, dice } of drawn) {
      if (!fleet.suffers(disturbance) || !dice.chance(atPointRate * times)) continue;
      kernel.note('chaos', disturbance);
      counts.set(disturbance, (counts.get(disturbance) ?? 0) + 1);
      // Not in the middle of the engine's own step.
      kernel.after(0, () => {
        kernel.resumed();
        trouble(fleet, dice);
      });
    }
  };
}

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
  disturbAtPoints(fleet, counts);
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
    server.faults.clear();
    server.garble = undefined;
    server.authority.truth.refuseAllRefreshTokens(false);
    server.authority.truth.rejectAllAccessTokens(false);
  }
  for (const host of hosts.values()) {
    Object.assign(host.disk.faults, { isFull: false, errors: 0, slowness: 1 });
    host.powerOn();
    host.resume();
    for (const process of host.processes) while (process.isHeld) process.release();
  }
  fleet.start();
}

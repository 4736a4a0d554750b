import type { SimHost } from '../host/sim-host.js';
import type { Send } from '../network/send.js';
import type { Simulation } from '../simulation.js';
import type { Watcher } from '../watcher.js';
import { AccountsAtServers, accountAsked } from './accounts-at-servers.js';
import { Reasons } from './reasons.js';
import { accessIn, grantIn, lifeOf, storedAccount } from './stored-tokens.js';

/** From here on a rotated pair stands in escrow, if its disk was well. */
const escrowedAt = ['CP7', 'CP8', 'CP9', 'CP10'];

/** A rotated pair that a process has read, and that stands in no record yet. */
interface Carried {
  readonly send: Send;
  readonly readAt: number;
  readonly timesHeldAtRead: number;
  readonly life: number;
  readonly generation: number;
  isEscrowed: boolean;
}

/**
 * I6: a rotated pair that was read comes into the record: from the process that carries it, or
 * from its escrow when it has died. The engine asks for no other one before.
 */
export function keptRotations(simulation: Simulation): Watcher {
  const accounts = new AccountsAtServers(simulation);
  const reasons = new Reasons(simulation, accounts);
  const carried = new Map<string, Carried>();

  return {
    changed(id, _before, after) {
      accounts.learn(id, after);
      const record = storedAccount(after);
      const access = accessIn(simulation, record)?.set;
      const grant = grantIn(simulation, record);
      for (const [key, { send, life, generation }] of carried) {
        if (accounts.idOf(send) !== id) continue;
        const arrived = send.entry?.generation;
        const isIn = access?.generation === arrived || grant?.generation === arrived;
        const isOver = lifeOf(record) !== life || record.generation > generation;
        if (isIn || isOver) carried.delete(key);
      }
    },
    read(send) {
      const key = accountAsked(send);
      const record = accounts.recordOf(send);
      const isRotation = send.operation === 'refresh' && send.readStatus === 200;
      const isNew = send.entry?.outcome === 'issued' || send.entry?.outcome === 'resent';
      if (key === undefined || record === undefined || !isRotation || !send.readHonestly) return;
      if (!isNew || grantIn(simulation, record)?.generation !== send.presentedGeneration) return;
      carried.set(key, {
        send,
        readAt: simulation.now,
        timesHeldAtRead: send.process.isHeld ? -1 : send.process.timesHeld,
        life: lifeOf(record),
        generation: record.generation,
        isEscrowed: false,
      });
    },
    diedAt(point, process) {
      if (!escrowedAt.includes(point)) return;
      const [pair, ...others] = [...carried.values()].filter(
        ({ send }) => send.process === process,
      );
      if (pair !== undefined && others.length === 0) pair.isEscrowed = isWell(process.host);
    },
    told(process, event, facts) {
      reasons.told(process, event, facts);
      const { account } = facts;
      if (event !== 'escrow:written') return;
      for (const pair of carried.values()) {
        const { send } = pair;
        if (send.process === process && accounts.idOf(send) === account) pair.isEscrowed = true;
      }
    },
    sent(send) {
      const key = accountAsked(send);
      const pair = carried.get(key ?? '');
      if (key === undefined || pair === undefined) return;
      carried.delete(key);
      // Who logs in wants a token of his own, whatever is under way.
      if (reasons.isByHand(send)) return;
      const { process } = pair.send;
      if (process.isAlive) {
        const ran = process.timesHeld === pair.timesHeldAtRead;
        const troubled = simulation.store.lastTroubleOf(process) >= pair.readAt;
        if (ran && !troubled) simulation.violate('I6', `${key}: a pair that was read was dropped`);
        return;
      }
      const isFound = send.process.host === process.host && isWell(process.host);
      if (!pair.isEscrowed || !isFound) return;
      simulation.violate('I6', `${key}: a pair in escrow was not brought home`);
    },
  };
}

function isWell({ disk: { faults } }: SimHost): boolean {
  return faults.errors === 0 && !faults.isFull;
}

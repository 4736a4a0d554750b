import { changeKeyFile, newSealingKey, systemRandom } from '@tokenkeep/core';
import { fault } from '@tokenkeep/testing';
import type { AccountServer, AccountServers } from './account-servers.js';
import type { Diary } from './diary.js';
import type { EngineProcess } from './engine-process.js';
import type { Fleet } from './fleet.js';
import type { Disturbance, ServerTrouble } from './nemesis.js';
import type { StorePlace } from './store-place.js';
import { realNow } from './time-scale.js';

const SWIZZLE_STEP_MS = 300;

/** Does what the schedule says, and writes it down. */
export class Havoc {
  #killsSender = 0;
  #addedKeyAt = Infinity;
  #isOver = false;
  readonly #going = new Set<Promise<unknown>>();

  constructor(
    private readonly servers: AccountServers,
    private readonly store: StorePlace,
    private readonly fleet: Fleet,
    private readonly diary: Diary,
  ) {
    for (const { authority } of servers.all) {
      authority.onProcessed(({ operation, ...entry }) => {
        const { attemptId } = entry as { attemptId?: string };
        if (this.#killsSender === 0 || operation !== 'refresh' || attemptId === undefined) return;
        const sender = this.fleet.byName(diary.attempts.get(attemptId)?.process ?? '');
        if (sender === undefined) return;
        this.#killsSender -= 1;
        diary.disturbed(`kill -9 ${sender.name}, whose refresh was just processed`);
        fleet.kill(sender);
      });
    }
  }

  /** Resolves when the last one has been done. */
  async play(schedule: readonly Disturbance[], durationMs: number): Promise<void> {
    const beganAt = realNow();
    for (const disturbance of schedule) {
      await until(beganAt + disturbance.atMs);
      const work = Promise.resolve(this.#do(disturbance)).catch((error: unknown) => {
        this.diary.disturbed(`${disturbance.kind} failed: ${error}`);
      });
      this.#going.add(work);
      void work.finally(() => this.#going.delete(work));
    }
    await until(beganAt + durationMs);
    this.#isOver = true;
    this.#killsSender = 0;
    await Promise.all(this.#going);
  }

  #do(disturbance: Disturbance): Promise<unknown> | undefined {
    const { fleet, store, diary } = this;
    switch (disturbance.kind) {
      case 'kill':
        this.#withProcess(disturbance.part, (process) => {
          diary.disturbed(`kill -9 ${process.name}`);
          fleet.kill(process);
        });
        return;
      case 'kill-sender':
        this.#killsSender += 1;
        return;
      case 'pause':
        this.#withProcess(disturbance.part, (process) => {
          diary.disturbed(`stop ${process.name} for ${Math.round(disturbance.ms)} ms`);
          fleet.pause(process, disturbance.ms);
        });
        return;
      case 'swizzle':
        disturbance.parts.forEach((part, index) => {
          this.#withProcess(part, (process) => {
            diary.disturbed(`swizzle ${process.name}`);
            // Stopped in one order, resumed in the other.
            const rank = disturbance.parts.length - index;
            fleet.pause(process, disturbance.ms + rank * SWIZZLE_STEP_MS);
          });
        });
        return;
      case 'restart-store':
        diary.disturbed('the store crashes and starts again');
        return store.restart();
      case 'store-line':
        diary.disturbed(
          `line to the store: ${disturbance.trouble}, ${Math.round(disturbance.ms)} ms`,
        );
        store.disturb(disturbance.trouble, disturbance.ms);
        return;
      case 'lock-file':
        diary.disturbed(`the file is locked for ${Math.round(disturbance.ms)} ms`);
        return store.lock(disturbance.ms);
      case 'reply': {
        const { kind, cutter } = this.#server(disturbance.part);
        diary.disturbed(`${disturbance.trouble} at ${kind.name}, ${disturbance.connections} times`);
        cutter.next(disturbance.trouble, disturbance.connections);
        return;
      }
      case 'server': {
        const { kind, authority } = this.#server(disturbance.part);
        diary.disturbed(`${disturbance.trouble} at ${kind.name}, ${disturbance.requests} times`);
        for (let count = 0; count < disturbance.requests; count += 1) {
          authority.faults.next('any', faultOf(disturbance.trouble));
        }
        return;
      }
      case 'close-port': {
        const { kind, cutter } = this.#server(disturbance.part);
        diary.disturbed(`nobody listens at ${kind.name} for ${Math.round(disturbance.ms)} ms`);
        cutter.close(disturbance.ms);
        return;
      }
      case 'step-clock':
        this.#withProcess(disturbance.part, (process) => {
          diary.disturbed(`wall clock of ${process.name} steps by ${disturbance.ms} ms`);
          void process.ask('step', { ms: disturbance.ms }).catch(() => {});
        });
        return;
      case 'renew':
        this.#withProcess(disturbance.part, (process) => {
          const { names } = this.servers;
          const key = names[Math.floor(disturbance.accountPart * names.length)];
          diary.disturbed(`${key} is renewed by hand`);
          void process.ask('renew', { key }).catch(() => {});
        });
        return;
      case 'add-key': {
        const added = newSealingKey(systemRandom());
        diary.disturbed(`key ${added.id} is added`);
        changeKeyFile(store.keyFile, ([first, ...others]) => [first, ...others, added]);
        this.#addedKeyAt = realNow();
        return;
      }
      case 'promote-key':
        return this.#promoteKey();
    }
  }

  /** A key seals only once every process has it: those that ran before are replaced first. */
  async #promoteKey(): Promise<void> {
    const { fleet, diary, store } = this;
    const isNew = ({ name }: EngineProcess) =>
      diary.lives.some((life) => life.name === name && life.startedAt > this.#addedKeyAt);
    while (!fleet.processes.every(isNew)) {
      if (this.#isOver) return;
      const old = fleet.processes.find((process) => !isNew(process));
      if (old !== undefined) {
        diary.disturbed(`kill -9 ${old.name}, to give it the new key`);
        fleet.kill(old);
      }
      await until(realNow() + 2_000);
    }
    changeKeyFile(store.keyFile, (keys) => [...keys.slice(-1), ...keys.slice(0, -1)] as never);
    diary.disturbed('the added key seals from now on');
  }

  #withProcess(part: number, act: (process: EngineProcess) => void): void {
    const process = this.fleet.at(part);
    if (process?.running) act(process);
  }

  /** Servers with more accounts meet more. */
  #server(part: number): AccountServer {
    const weighted = this.servers.all.flatMap((server) => server.people.map(() => server));
    return weighted[Math.floor(part * weighted.length)] as AccountServer;
  }
}

function faultOf(trouble: ServerTrouble) {
  switch (trouble) {
    case 'throttled':
      return fault.retryAfter(429, 1);
    case 'unavailable':
      return fault.status(503);
    case 'error':
      return fault.processed(fault.status(500));
    case 'bad-gateway':
      return fault.status(502);
    case 'web-page':
      return fault.html();
    case 'lost-reply':
      return fault.dropAfterProcessing();
    case 'cut-reply':
      return fault.truncate(60);
    case 'stalled-reply':
      return fault.stallAfterHeaders();
  }
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - realNow())));
}

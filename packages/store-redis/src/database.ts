import { type StoreTime, TokenError } from '@tokenkeep/core';
import type { Answer, Command, Connection } from './connection.js';
import { misconfigured, replyCode, storeError, unavailable, whileOpen } from './driver-errors.js';
import type { Keys } from './keys.js';
import type { Script } from './scripts/script.js';

/** A server's clock has one epoch: its time goes on while it is off. */
const EPOCH = 1;

/** How a write is made to last, beyond what the server does by itself. */
export interface Lasting {
  readonly replicas: number;
  readonly waitaof: boolean;
}

/** Scripts on one store: what they answer, and when. */
export class Database {
  /** The latest time this client was told: the store's time never goes back behind it. */
  #told = 0;

  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly where: string,
    private readonly timeoutMs: number,
    private readonly lasting: Lasting,
  ) {}

  async read(script: Script, ...args: readonly (string | number)[]): Promise<Told> {
    return this.#timed(await this.#ask(script, args, []));
  }

  /** Resolves once it is as safe as the options ask for. */
  async write(script: Script, ...args: readonly (string | number)[]): Promise<Told> {
    return this.#timed(await this.#ask(script, args, this.#waits()));
  }

  /** Without a look at schema and clock. */
  async plain(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#run(script, args, []);
  }

  #timed(reply: unknown): Told {
    const [told, ...values] = reply as [string, ...(string | null)[]];
    const ms = Number(told);
    if (!Number.isFinite(ms)) throw this.#unexpected();
    this.#told = Math.max(this.#told, ms);
    return { time: { epoch: EPOCH, ms }, values };
  }

  async #ask(
    script: Script,
    args: readonly (string | number)[],
    after: readonly Command[],
  ): Promise<unknown> {
    try {
      return await this.#run(script, [this.#told, ...args], after);
    } catch (error) {
      throw whileOpen(error);
    }
  }

  async #run(
    { lua, sha, keys }: Script,
    args: readonly (string | number)[],
    after: readonly Command[],
  ): Promise<unknown> {
    const rest = [keys.length, ...keys.map((name) => this.keys[name]), ...args];
    let [ran, ...waited] = await this.connection.send([['evalsha', sha, ...rest], ...after]);
    // A server that was started again has forgotten its scripts, and has run nothing.
    if (replyCode(ran?.error) === 'NOSCRIPT') {
      [ran, ...waited] = await this.connection.send([['eval', lua, ...rest], ...after]);
    }
    const reply = replyOf(ran, this.where);
    for (const wait of waited) this.#checkWaited(replyOf(wait, this.where));
    return reply;
  }

  #waits(): readonly Command[] {
    const { replicas, waitaof } = this.lasting;
    // A part of the time limit, so that the answer says what is missing.
    const limitMs = Math.ceil(this.timeoutMs * 0.8);
    // By its name: drivers older than the command have no method for it.
    if (waitaof) return [['call', 'waitaof', 1, replicas, limitMs]];
    return replicas === 0 ? [] : [['wait', replicas, limitMs]];
  }

  #checkWaited(reply: unknown): void {
    const { replicas, waitaof } = this.lasting;
    const [local, remote] = waitaof ? (reply as [number, number]) : [1, reply as number];
    if (local < 1) {
      throw unavailable(
        'not_synced',
        `Redis at ${this.where} has not synced its disk in time. What was being written may be there or not`,
      );
    }
    if (remote < replicas) {
      throw unavailable(
        'not_replicated',
        `${remote} of ${replicas} replicas of Redis at ${this.where} have the write. It is on the master, and lost if that fails now`,
      );
    }
  }

  #unexpected(): TokenError {
    return new TokenError('STORE_UNAVAILABLE', `Redis at ${this.where} gave no answer of ours.`, {
      reason: 'driver_error',
    });
  }

  /** @throws TokenError `STORE_MISCONFIGURED` where the server has no `WAITAOF`, or no log. */
  async checkWaitAof(): Promise<void> {
    if (!this.lasting.waitaof) return;
    const [, answer] = await this.connection.send([
      ['exists', this.keys.schema],
      ['call', 'waitaof', 0, 0, 1],
    ]);
    if (answer?.error === undefined) return;
    if (replyCode(answer.error) === 'NOPERM') throw storeError(answer.error, this.where);
    throw misconfigured(
      'no_waitaof',
      `Redis at ${this.where} has no WAITAOF, which came with 7.2. Set appendfsync to always and leave the option "fsync" out`,
    );
  }
}

/** An answer with the time of its step; `null`: nothing is there. */
export interface Told {
  readonly time: StoreTime;
  readonly values: readonly (string | null)[];
}

export function replyOf(answer: Answer | undefined, where: string): unknown {
  if (answer === undefined) return undefined;
  if (answer.error !== undefined) throw storeError(answer.error, where);
  return answer.reply;
}

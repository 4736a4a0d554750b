import type { Clock, Random, TokenError } from '@tokenkeep/core';
import type { Cluster, Redis } from 'ioredis';
import { isCluster, newClient } from './client-options.js';
import { lost, noTls, notWritable, replyCode, storeError, timedOut } from './driver-errors.js';
import type { RedisStoreOptions } from './options.js';

/** An abort without a reason builds an exception, stack and all, that nobody looks at. */
const noLongerNeeded = Symbol('no longer needed');

/** A command and its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]];

/** What a command was answered with: an error of the server's is an answer, too. */
export interface Answer {
  readonly error: unknown;
  readonly reply: unknown;
}

/** A call that cannot be sent yet. */
interface Waiting {
  readonly connected: () => void;
  readonly failed: (error: TokenError) => void;
  /** The next end of a connection is that of an attempt made for this call. */
  isNext: boolean;
}

/**
 * A connection that never does anything twice: a command is sent once it can be, and fails if no
 * answer comes, in time or at all.
 */
export class Connection {
  readonly #client: Redis | Cluster;
  readonly #pending = new Set<Promise<unknown>>();
  #trouble: TokenError | undefined;
  readonly #waiting = new Set<Waiting>();
  /** How often a connection was made, and after which of them the server was looked at. */
  #made = 0;
  #lookedAt = 0;
  #looking: Promise<void> | undefined;
  #look: ((send: Connection['send']) => Promise<void>) | undefined;
  /** Nothing more is sent over this connection: it is about to be closed, and made again. */
  #leaving = false;

  constructor(
    options: RedisStoreOptions,
    private readonly where: string,
    private readonly timeoutMs: number,
    private readonly clock: Pick<Clock, 'sleep'>,
    random: Pick<Random, 'float'>,
  ) {
    this.#client = newClient(options, timeoutMs, random);
    // Without a listener a lost connection would end the process, or print the driver's message.
    const note = (error: unknown) => {
      this.#trouble = storeError(error, this.where);
    };
    this.#client.on('error', note);
    this.#client.on('node error', note);
    this.#client.on('ready', () => {
      this.#made += 1;
      this.#trouble = undefined;
      for (const call of this.#waiting) call.connected();
      this.#waiting.clear();
    });
    this.#client.on('close', () => {
      this.#leaving = false;
      for (const call of [...this.#waiting]) {
        if (call.isNext) this.#giveUp(call);
        call.isNext = true;
      }
    });
    this.#client.on('end', () => {
      for (const call of [...this.#waiting]) this.#giveUp(call);
    });
  }

  /** The number of the database; a cluster has one only. */
  get database(): number {
    return isCluster(this.#client) ? 0 : (this.#client.options.db ?? 0);
  }

  /** Sends all of them at once over one connection; the first names the slot they belong to. */
  async send(commands: readonly Command[]): Promise<readonly Answer[]> {
    return this.#inTime(() => this.#pipeline(commands));
  }

  /** From the next connection on, `look` is what each begins with: it may lead to another server. */
  lookFirst(look: (send: Connection['send']) => Promise<void>): void {
    this.#look = look;
    this.#lookedAt = this.#made;
  }

  async #pipeline(commands: readonly Command[]): Promise<readonly Answer[]> {
    const answers = await this.#client.pipeline(commands.map((command) => [...command])).exec();
    if (answers === null) throw lost(this.where);
    // The driver leaves a server that has become a replica. In a cluster it leaves that node only.
    if (!isCluster(this.#client) && answers.some(([error]) => replyCode(error) === 'READONLY')) {
      this.#leaving = true;
    }
    return answers.map(([error, reply]) => ({ error: error ?? undefined, reply }));
  }

  /** Calls `onMessage` for each message of the channel, also after the connection was made again. */
  async subscribe(channel: string, onMessage: (message: string) => void): Promise<void> {
    this.#client.on('message', (from: string, message: string) => {
      if (from === channel) onMessage(message);
    });
    await this.#inTime(() => this.#client.subscribe(channel));
    // The driver would do it too, and end the process with a rejection nobody can catch.
    this.#client.on('ready', () => {
      this.#client.subscribe(channel).catch(() => {});
    });
  }

  /** What was sent is waited for; it has a time limit of its own. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#pending);
    this.cut();
  }

  cut(): void {
    this.#client.removeAllListeners('message');
    this.#client.disconnect();
  }

  async #inTime<T>(send: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = this.clock.sleep(this.timeoutMs, over.signal).then(
      () => {
        // Whatever comes over this connection now comes too late: the next call has another one.
        if (this.#client.status === 'ready' || this.#client.status === 'connect') {
          this.#leaving = true;
          this.#client.disconnect(true);
        }
        throw timedOut(this.where, this.timeoutMs);
      },
      () => new Promise<never>(() => {}),
    );
    const answer = Promise.race([this.#sendOnce(send, over.signal), late]);
    this.#pending.add(answer);
    try {
      return await answer;
    } catch (error) {
      throw this.#said(storeError(error, this.where));
    } finally {
      over.abort(noLongerNeeded);
      this.#pending.delete(answer);
    }
  }

  /** A server without TLS takes the greeting for a command that is not yet over, and waits. */
  #said(error: TokenError): TokenError {
    const { tls } = (this.#client.options ?? {}) as { tls?: unknown };
    const isSilence = error.reason === 'timeout' || /ETIMEDOUT/.test(error.message);
    if (tls === undefined || this.#made > 0 || !isSilence) return error;
    return noTls(this.where, this.timeoutMs);
  }

  async #sendOnce<T>(send: () => Promise<T>, over: AbortSignal): Promise<T> {
    await this.#ready();
    await this.#looked();
    // Nobody waits for it any more, and it has been called a failure.
    if (over.aborted) throw notWritable(this.where);
    return send();
  }

  /** Everybody who comes over a new connection waits for the one look at its server. */
  async #looked(): Promise<void> {
    const made = this.#made;
    if (this.#look === undefined || this.#lookedAt === made) return;
    this.#looking ??= this.#look((commands) => this.#pipeline(commands))
      .then(() => {
        this.#lookedAt = made;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    await this.#looking;
  }

  /** Resolves when a command can be sent; rejects when an attempt to connect has failed. */
  async #ready(): Promise<void> {
    const { status } = this.#client;
    if (status === 'ready' && !this.#leaving) return;
    await new Promise<void>((connected, failed) => {
      // An attempt that began before the call says nothing about now, nor does the end of the
      // connection before.
      const isNext = !(this.#leaving || status === 'connecting' || status === 'connect');
      this.#waiting.add({ connected, failed, isNext });
      if (status === 'wait' || status === 'end') this.#client.connect().catch(() => {});
    });
  }

  #giveUp(call: Waiting): void {
    this.#waiting.delete(call);
    call.failed(this.#trouble ?? notWritable(this.where));
  }
}

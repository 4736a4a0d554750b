import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  createTokenEngine,
  type EngineOptions,
  type Escrow,
  eventNames,
  fileEscrow,
  type HttpExchange,
  nodeHttpExchange,
  processHolder,
  systemRandom,
  type TokenEngine,
  type TokenStore,
} from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import {
  type Canary,
  canary,
  scanForCanaries,
  seededRandom,
  type TestClock,
  trackedExchange,
} from '@tokenkeep/testing';
import { type Logger as Pino, pino } from 'pino';

/** Where a secret was found. Holds nothing of it. */
export interface Leak {
  readonly sink: string;
  readonly kind: string;
  readonly encoding: string;
  readonly near: string;
}

/**
 * A service at work on a disk of its own, where every secret is known and everything that could
 * be read by somebody is kept: log lines, events, errors, files.
 */
export class LeakScene implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tokenkeep-leaks-'));
  readonly path = join(this.folder, 'data', 'tokens.db');
  readonly logger: Pino;
  /** While set, every write to the store fails. */
  diskIsFull = false;
  readonly #canaries: Canary[] = [];
  readonly #texts: { readonly sink: string; readonly text: string }[] = [];
  readonly #formerTmp = process.env.TMPDIR;
  readonly #formerStreams = [process.stdout, process.stderr].map(
    (stream) => [stream, stream.write] as const,
  );
  #engines = 0;

  constructor(private readonly clock: TestClock) {
    mkdirSync(join(this.folder, 'data'), { mode: 0o700 });
    mkdirSync(join(this.folder, 'tmp'), { mode: 0o700 });
    process.env.TMPDIR = join(this.folder, 'tmp');
    for (const [stream] of this.#formerStreams) {
      stream.write = (chunk: string | Uint8Array) => {
        this.#keep('output', String(chunk));
        return true;
      };
    }
    const destination = { write: (line: string) => this.#keep('log', line) };
    this.logger = pino({ level: 'trace' }, destination);
    const key = canary('key');
    // 24 characters that can be searched for, and 8 bytes that make it no text.
    const bytes = Buffer.concat([Buffer.from(key.random), Buffer.from('ff00a1807f1b90e3', 'hex')]);
    writeFileSync(`${this.path}.key`, `kleak ${bytes.toString('base64')}\n`, { mode: 0o600 });
    this.#canaries.push({ kind: 'key', random: key.random, secret: key.random });
  }

  /** A new secret that will be looked for. `wrap` makes it harder to encode. */
  secret(kind: string, wrap: (text: string) => string = (text) => text): string {
    const made = canary(kind);
    this.#canaries.push(made);
    return wrap(made.secret);
  }

  get store(): TokenStore {
    const store = sqliteStore({ path: this.path, clock: this.clock, bootId: 'one boot' });
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'write' && this.diskIsFull) {
          return () => Promise.reject(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
        }
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  async engine(options: Pick<EngineOptions, 'accounts' | 'providers'>): Promise<TokenEngine> {
    const { clock, logger, store } = this;
    this.#engines += 1;
    const holder = processHolder(systemRandom());
    const engine = await createTokenEngine({
      store,
      clock,
      logger,
      random: seededRandom(this.#engines),
      exchange: trackedExchange(clock, this.#recording(nodeHttpExchange(clock))),
      holder,
      escrow: trackedEscrow(clock, fileEscrow(`${this.path}.escrow`, holder)),
      allowInsecureLoopback: true,
      ...options,
    });
    for (const name of eventNames) engine.on(name, (event) => this.print(`event ${name}`, event));
    return engine;
  }

  /** Does with a value whatever a service, a debugger or a crash reporter does with it. */
  print(sink: string, value: unknown): void {
    const deep = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true };
    this.#keep(`${sink}, inspected`, inspect(value, deep));
    this.#keep(`${sink}, printed`, `${inspect(value)} ${String(value)}`);
    this.#keep(`${sink}, as JSON`, JSON.stringify(value) ?? '');
    this.logger.info({ value, err: value }, 'a value');
    this.logger.error(value as object, 'printed: %o %s', value as object, value as object);
    for (let at = value, depth = 0; isObject(at) && depth < 8; depth += 1) {
      const { message, stack, cause } = at as Partial<Error>;
      this.#keep(`${sink}, cause ${depth}`, `${message} ${stack} ${inspect(at, deep)}`);
      at = cause as object;
    }
  }

  /** What a promise is rejected with, printed in every way; `undefined` if it was not. */
  async failure(sink: string, work: Promise<unknown>): Promise<unknown> {
    try {
      await work;
      return undefined;
    } catch (error) {
      this.print(sink, error);
      return error;
    }
  }

  /** Every hit in everything that was kept and in every file. */
  leaks(): Leak[] {
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const found = files.flatMap((file) => {
      const content = readFileSync(file);
      const sought = file.endsWith('.db.key')
        ? this.#canaries.filter(({ kind }) => kind !== 'key')
        : this.#canaries;
      return this.#hits(file.slice(this.folder.length), content, sought);
    });
    const texts = this.#texts.flatMap(({ sink, text }) => this.#hits(sink, text, this.#canaries));
    return [...found, ...texts];
  }

  /** What was scanned, for a test that makes sure of it. */
  scanned(): { sinks: Set<string>; files: string[]; bytes: number; secrets: Set<string> } {
    const files = readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
    const sinks = new Set(this.#texts.map(({ sink }) => sink.split(',')[0] ?? ''));
    const bytes = this.#texts.reduce((sum, { text }) => sum + text.length, 0);
    return { sinks, files, bytes, secrets: new Set(this.#canaries.map(({ kind }) => kind)) };
  }

  [Symbol.dispose](): void {
    for (const [stream, write] of this.#formerStreams) stream.write = write;
    if (this.#formerTmp === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = this.#formerTmp;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #keep(sink: string, text: string): void {
    this.#texts.push({ sink, text });
  }

  #hits(sink: string, content: string | Uint8Array, sought: readonly Canary[]): Leak[] {
    const bytes = Buffer.from(content as Uint8Array);
    return scanForCanaries(bytes, sought).map(({ kind, encoding, offset }) => {
      const before = bytes.subarray(Math.max(0, offset - 80), offset);
      return { sink, kind, encoding, near: before.toString('latin1') };
    });
  }

  /** Every token a server issues is a secret from the moment it arrives. */
  #recording(exchange: HttpExchange): HttpExchange {
    const names = /"(token|refreshToken|accessToken|access_token|refresh_token)":"([^"]{16,})"/g;
    return {
      send: async (request, hooks) => {
        const reply = await exchange.send(request, hooks);
        const text = Buffer.from(reply.body).toString('utf8');
        for (const [, kind = '', secret = ''] of text.matchAll(names)) {
          this.#canaries.push({ kind, secret, random: secret });
        }
        return reply;
      },
    };
  }
}

/** Also one of another realm, as errors of the file system are in here. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Virtual time stands still while the disk is written to. */
function trackedEscrow(clock: TestClock, escrow: Escrow): Escrow {
  return {
    put: (entry) => clock.track(() => escrow.put(entry)),
    entries: () => clock.track(() => escrow.entries()),
    remove: (attemptId) => clock.track(() => escrow.remove(attemptId)),
    close: () => clock.track(() => escrow.close()),
  };
}

// One process of the run: the shipped engine with background renewal, and callers who ask it all
// the time. Settings and commands are lines of JSON on stdin, so that no secret is in argv or
// environment; what happens, and each answer, is a line of JSON on stdout. The log goes to stderr.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, type TokenEngine, TokenError } from '@tokenkeep/core';
import { fingerprint } from '@tokenkeep/testing';
import type { AccountAnswer, HandedToken } from './engine-process.js';
import { realNow } from './time-scale.js';
import { type EngineSettings, witnessedEngine } from './witnessed-engine.js';

let engine: TokenEngine;
let isAsking = true;
let handed = new Map<string, HandedToken>();
const counts = { served: 0, refused: 0 };

function say(line: object): void {
  writeAll(1, `${JSON.stringify(line)}\n`);
}

/** At once, so that what was said is heard of a process that is killed right after. */
function writeAll(descriptor: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const log = (level: string) => (facts: object, message: string) =>
  writeAll(2, `${JSON.stringify({ level, message, ...facts })}\n`);

const logger: Logger = {
  debug: log('debug'),
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
};

const commands: Record<string, (facts: never) => Promise<unknown>> = {
  async open(settings: EngineSettings) {
    engine = await witnessedEngine(settings, say, logger);
    engine.start();
  },
  async ask({ keys, everyMs }: { keys: string[]; everyMs: number }) {
    keys.forEach(
      (key, index) => void askAgainAndAgain(key, everyMs, (index * everyMs) / keys.length),
    );
    void reportHanded();
  },
  tokens: ({ keys }: { keys: string[] }) => Promise.all(keys.map(answerOf)),
  async generations({ keys }: { keys: string[] }) {
    const all = await Promise.all(keys.map((key) => engine.status(key)));
    return all.map(({ generation }) => generation);
  },
  async renew({ key }: { key: string }) {
    await engine.renew(key);
  },
  async step({ ms }: { ms: number }) {
    (Reflect.get(globalThis, 'stepWallClock') as (ms: number) => void)(ms);
  },
  async stop() {
    isAsking = false;
    await engine.stop();
    flush();
    process.stdin.destroy();
  },
};

async function askAgainAndAgain(key: string, everyMs: number, afterMs: number): Promise<void> {
  await sleep(afterMs);
  while (isAsking) {
    const askedAt = realNow();
    try {
      const token = await engine.getToken(key);
      counts.served += 1;
      note(key, token.generation, fingerprint(token.reveal()), askedAt);
    } catch (error) {
      if (!TokenError.is(error)) throw error;
      counts.refused += 1;
    }
    await sleep(everyMs);
  }
}

/** `askedAt`: nobody was handed the token before. So a late report accuses no one wrongly. */
function note(account: string, generation: number, print: string, askedAt: number): void {
  const key = `${account} ${generation} ${print}`;
  const before = handed.get(key);
  const first = before?.first ?? askedAt;
  handed.set(key, { account, generation, print, first, last: askedAt });
}

async function reportHanded(): Promise<void> {
  while (isAsking) {
    await sleep(300);
    flush();
  }
}

function flush(): void {
  if (handed.size > 0) say({ told: 'handed', at: realNow(), tokens: [...handed.values()], counts });
  handed = new Map();
}

async function answerOf(key: string): Promise<AccountAnswer> {
  try {
    const token = await engine.getToken(key);
    return { account: key, print: fingerprint(token.reveal()), generation: token.generation };
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    const { code, reason, retryAt } = error;
    return {
      account: key,
      code,
      ...(reason === undefined ? {} : { reason }),
      ...(retryAt === undefined ? {} : { retryInMs: retryAt - Date.now() }),
    };
  }
}

const lines = createInterface(process.stdin);
// The run is gone: so is this process.
lines.on('close', () => setTimeout(() => process.exit(99), 5_000).unref());
lines.on('line', (line) => {
  const { number, command, facts } = JSON.parse(line) as {
    number: number;
    command: string;
    facts: never;
  };
  Promise.resolve()
    .then(() => commands[command]?.(facts))
    .then(
      (answer) => say({ number, answer: answer ?? {} }),
      (error: Error) => say({ number, error: { message: error.stack ?? error.message } }),
    );
});

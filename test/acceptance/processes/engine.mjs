// One process of a multi-process test: an engine of the built packages over a store they share.
// Settings and commands are lines of JSON on stdin, so that no secret is in argv or environment;
// each answer is a line of JSON on stdout with the number of its command.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { keysOf, storeOf } from '@tokenkeep/servers';
import { fingerprint } from '@tokenkeep/testing';

/**
 * Where this process is to send itself a signal; once.
 *
 * @type {{ at: string, signal: string } | undefined}
 */
let trap;
/** @param {string} point */
function spring(point) {
  if (trap?.at !== point) return;
  const { signal } = trap;
  trap = undefined;
  process.kill(process.pid, signal);
}

/**
 * The store, and one more point: the intent is durable, and the send gate still to be passed.
 *
 * @param {import('@tokenkeep/core').TokenStore} store
 * @returns {import('@tokenkeep/core').TokenStore}
 */
function trapped(store) {
  /** @type {typeof store.write} */
  const write = async (changes) => {
    const result = await store.write(changes);
    if (changes.some(({ body }) => body.includes('"sent":'))) spring('intent');
    return result;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'write') return write;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Real time, whatever a test did to `Date`: comparable with the server's log. */
const realNow = () => performance.timeOrigin + performance.now();

/** @param {import('@tokenkeep/core').AccessToken} token */
const shown = (token) => ({
  generation: token.generation,
  print: fingerprint(token.reveal()),
  wall: Date.now(),
  expiresAt: token.expiresAt,
});

/** @type {import('@tokenkeep/core').TokenEngine} */
let engine;
/** @type {number[]} */
const renewalsStarted = [];
let watching = true;
let logLines = 0;
const countLine = () => {
  logLines += 1;
};
/** Of a log at its most talkative, how much it was told. */
const countingLogger = { debug: countLine, info: countLine, warn: countLine, error: countLine };

/**
 * Asks for tokens again and again, and keeps when each was first and last handed out.
 *
 * @param {string} key
 * @param {{ everyMs: number, callers?: number, untilLongLived?: boolean }} how
 * @param {import('./engine-process.js').Watched} result
 */
async function watchAccount(key, { everyMs, callers = 1, untilLongLived }, result) {
  while (watching) {
    const askedAt = realNow();
    try {
      const asked = Array.from({ length: callers }, () => engine.getToken(key));
      for (const token of await Promise.all(asked)) {
        const { print, generation, expiresAt } = shown(token);
        const name = `${key}#${generation}`;
        result.handed[name] ??= { prints: [], first: askedAt, last: askedAt };
        const kept = result.handed[name];
        kept.last = askedAt;
        if (!kept.prints.includes(print)) kept.prints.push(print);
        if (untilLongLived && expiresAt - Date.now() > 60_000) return;
      }
    } catch (thrown) {
      const error = /** @type {import('@tokenkeep/core').TokenError} */ (thrown);
      result.errors.push(`${error.code ?? ''} ${error.reason ?? ''} ${error.message}`);
    }
    await sleep(everyMs);
  }
}

/** @type {Record<string, (facts: any) => Promise<unknown>>} */
const commands = {
  async open({ store, umask, provider, accounts, parameters, pace = {}, signals }) {
    if (umask !== undefined) process.umask(umask);
    engine = await createTokenEngine({
      ...keysOf(store),
      store: trapped(storeOf(store)),
      providers: [authRefresh(provider)],
      accounts,
      parameters,
      pace,
      logger: countingLogger,
      allowInsecureLoopback: true,
      crashProbe: spring,
    });
    engine.on('renewal:started', () => renewalsStarted.push(realNow()));
    if (signals) endOnSignals(signals);
    return { pid: process.pid };
  },
  token: async ({ key }) => shown(await engine.getToken(key)),
  renew: async ({ key, trapAt }) => {
    trap = trapAt;
    return shown(await engine.renew(key));
  },
  status: ({ key }) => engine.status(key),
  start: async () => engine.start(),
  stop: ({ deadlineMs }) => engine.stop(deadlineMs === undefined ? {} : { deadlineMs }),
  async watch({ keys, ...how }) {
    /** @type {import('./engine-process.js').Watched} */
    const result = { handed: {}, errors: [], renewalsStarted };
    const watches = /** @type {string[]} */ (keys);
    await Promise.all(watches.map((key) => watchAccount(key, how, result)));
    return result;
  },
  endWatch: async () => {
    watching = false;
  },
  /** What this process holds on to, garbage left out: wants `--expose-gc`. */
  measure: async () => {
    /** @type {Record<string, number>} */
    const resources = {};
    for (const kind of process.getActiveResourcesInfo()) {
      resources[kind] = (resources[kind] ?? 0) + 1;
    }
    // Weak references and finalizers let go between two collections.
    for (let round = 0; round < 2; round += 1) {
      globalThis.gc?.();
      await sleep(1);
    }
    return { heapBytes: process.memoryUsage().heapUsed, resources, logLines };
  },
  /** With the shim of `shifted-clocks.mjs` only. */
  shift: async ({ wallMs = 0, napMs = 0 }) => {
    Reflect.get(globalThis, 'shiftClocks')({ wallMs, napMs });
    return { at: realNow() };
  },
};

/**
 * As a service does it: the first signal ends it properly, the second at once.
 *
 * @param {{ deadlineMs?: number }} options
 */
function endOnSignals({ deadlineMs }) {
  let signalled = false;
  for (const name of ['SIGTERM', 'SIGINT']) {
    process.on(name, () => {
      if (signalled) process.exit(130);
      signalled = true;
      writeSync(1, `${JSON.stringify({ signalled: name })}\n`);
      engine
        .stop(deadlineMs === undefined ? {} : { deadlineMs })
        .then(() => process.stdin.destroy());
    });
  }
}

/** @param {import('@tokenkeep/core').TokenError} error */
const said = ({ code, reason, retryAt, message, stack }) => ({
  code,
  reason,
  ...(retryAt === undefined ? {} : { retryInMs: retryAt - Date.now() }),
  message: code === undefined ? stack : message,
});

const lines = createInterface(process.stdin);
// Nobody is there any more: what still keeps this process alive after a while is a fault.
lines.on('close', () => setTimeout(() => process.exit(99), 10_000).unref());
lines.on('line', (line) => {
  const { number, command, ...facts } = JSON.parse(line);
  Promise.resolve()
    .then(() => commands[command]?.(facts))
    .then(
      (answer) => ({ number, answer: answer ?? {} }),
      (error) => ({ number, error: said(error) }),
    )
    .then((reply) => writeSync(1, `${JSON.stringify(reply)}\n`));
});

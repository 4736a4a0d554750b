// One engine on a small disk of its own: `node disk.mjs <command> <folder>`. The disk is mounted by
// the parent for this process alone. The answer is one line of JSON on stdout.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createTokenEngine, eventNames } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { AuthRefreshAuthority, fault } from '@tokenkeep/testing';

const [command = '', folder = ''] = process.argv.slice(2);
const ballast = join(folder, 'ballast');
const person = { username: 'ada', password: 'pw of ada' };
const server = await new AuthRefreshAuthority({
  accounts: [{ accountId: 'crm', ...person }],
}).start();
/** @type {string[]} */
const events = [];

async function opened() {
  const engine = await createTokenEngine({
    store: sqliteStore({ path: join(folder, 'tokens.db') }),
    providers: [authRefresh({ id: 'crm-api', baseUrl: server.url })],
    accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
    allowInsecureLoopback: true,
    // Real time, and the short waits of a test.
    parameters: { gapMs: 1, backoffBaseMs: 1, commitRetryMs: 20, viewMaxAgeMs: 1 },
  });
  for (const name of eventNames) engine.on(name, () => events.push(name));
  return engine;
}

async function openedOnly() {
  await opened();
  return {};
}

/**
 * The error as a caller sees it; else what the promise gave.
 *
 * @param {Promise<{ generation?: number }>} work
 */
const outcome = (work) =>
  work.then(
    ({ generation }) => ({ ok: true, generation }),
    ({ name, code, reason, message, retryable }) => ({ name, code, reason, message, retryable }),
  );

function fill() {
  const descriptor = openSync(ballast, 'wx', 0o600);
  for (const size of [64 * 1024, 4 * 1024, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(size));
    } catch {}
  }
  closeSync(descriptor);
}

const makeSpace = () => rmSync(ballast);
const requests = () => ({
  obtain: server.log.count({ operation: 'obtain' }),
  refresh: server.log.count({ operation: 'refresh' }),
  replays: server.log.replays().length,
});

/**
 * What another engine finds in the store, without asking the server.
 *
 * @param {import('@tokenkeep/core').TokenEngine} engine
 */
async function stored(engine) {
  await engine.stop();
  const other = await opened();
  const { generation, state } = await other.status('crm');
  const token = await outcome(other.getToken('crm'));
  const accepted = server.truth.accepts((await other.getToken('crm')).reveal());
  await other.stop();
  return { generation, state, token, accepted };
}

/** @type {Record<string, () => Promise<object>>} */
const commands = {
  async open() {
    return { opened: await outcome(openedOnly()), requests: requests() };
  },

  async openFull() {
    fill();
    const full = await outcome(openedOnly());
    const before = requests();
    makeSpace();
    const engine = await opened();
    const token = await outcome(engine.getToken('crm'));
    return { full, before, token, stored: await stored(engine) };
  },

  /** Full before anything is sent for the renewal. */
  async fullBeforeRenewal() {
    const engine = await opened();
    await engine.getToken('crm');
    fill();
    const renewed = await outcome(engine.renew('crm'));
    const served = await outcome(engine.getToken('crm'));
    const sent = requests();
    makeSpace();
    const after = await outcome(engine.renew('crm'));
    return { renewed, served, sent, after, stored: await stored(engine), requests: requests() };
  },

  /** Full in the moment in which the server has rotated and its reply is on the wire. */
  async fullAtCommit() {
    const first = await opened();
    await first.getToken('crm');
    await first.stop();
    // A process that has not renewed before has made no room yet.
    const engine = await opened();
    const honest = fault.normal();
    server.faults.next('refresh', {
      ...honest,
      deliver: async (exchange) => {
        fill();
        await exchange.send(exchange.honestReply());
      },
    });
    const renewed = await outcome(engine.renew('crm'));
    const served = await outcome(engine.getToken('crm'));
    const whileFull = requests();
    makeSpace();
    const saved = await stored(engine);
    return { renewed, served, whileFull, stored: saved, events, requests: requests() };
  },
};

writeSync(1, `${JSON.stringify(await commands[command]?.())}\n`);
await server.stop();

import { createTokenEngine, type TokenStore } from '@tokenkeep/core';
import { bareLoop } from './bare-loop.js';
import { benchProvider, instantExchange } from './bench-provider.js';
import { fleetAccount, fleetIndex } from './fleet-account.js';
import { madeRows } from './made-rows.js';
import { keyringOf, openPlace } from './open-place.js';
import { peerLoop } from './peer-loop.js';
import { rowPutter } from './put-rows.js';
import type { WorkerJob, WorkerOrder, WorkerReport } from './worker-job.js';

/** One process of the fleet. It is told by messages what to do, and killed when it has done it. */
const job = JSON.parse(process.argv[2] ?? '') as WorkerJob;
let renewals = 0;
let requests = 0;
let ranDry = false;
const claims: { ms: number; rows: number }[] = [];
const moments: number[] = [];
let markedAt = performance.now();

const orders: Record<WorkerOrder, () => void> = {
  go: () => {},
  mark: () => {
    renewals = 0;
    requests = 0;
    ranDry = false;
    claims.length = 0;
    markedAt = performance.now();
  },
  report: () => {
    const elapsedMs = performance.now() - markedAt;
    say({ kind: 'measured', renewals, requests, elapsedMs, ranDry, claims, moments });
  },
};
process.on('message', (order: WorkerOrder) => orders[order]());
process.on('disconnect', () => process.exit());

switch (job.role) {
  case 'fill':
    await fill(job);
    break;
  case 'engine':
    await renew(job);
    break;
  case 'bare':
    await whenTold();
    await bareLoop(job.place, job.connections, {
      renewed: () => {
        renewals += 1;
      },
      ranDry: () => {
        ranDry = true;
      },
    });
    break;
  case 'peer':
    await whenTold();
    await peerLoop(job.place, () => {
      renewals += 1;
    });
    break;
}

async function fill({ place, from, to, dueFrom, dueEvery }: WorkerJob & { role: 'fill' }) {
  const store = openPlace(place, 1);
  await store.open();
  const identity = await store.identity();
  const putter = await rowPutter(place);
  let bodyBytes = 0;
  for await (const rows of madeRows(from, to, identity, keyringOf(place))) {
    bodyBytes = rows[0]?.body.length ?? 0;
    await putter.put(rows.map((row) => ({ ...row, due: dueFrom + fleetIndex(row.id) * dueEvery })));
  }
  await putter.end();
  await store.close();
  say({ kind: 'filled', bodyBytes });
}

async function renew({ place, accounts, connections, scheduled }: WorkerJob & { role: 'engine' }) {
  const began = performance.now();
  const engine = await createTokenEngine({
    store: timed(openPlace(place, connections)),
    keyring: keyringOf(place),
    providers: [benchProvider],
    accounts: Array.from({ length: accounts }, (_, index) => fleetAccount(index)),
    exchange: instantExchange(() => {
      requests += 1;
    }),
  });
  engine.on('token:renewed', ({ account }) => {
    renewals += 1;
    if (scheduled) moments.push(fleetIndex(account), Date.now());
  });
  await whenTold(performance.now() - began);
  if (scheduled) engine.start();
  else for (;;) ranDry = (await engine.tick()).renewed === 0 || ranDry;
}

/** How long claims take, and how many rows they bring. */
function timed(store: TokenStore): TokenStore {
  const claimDue = store.claimDue.bind(store);
  store.claimDue = async (query) => {
    const began = performance.now();
    const result = await claimDue(query);
    claims.push({ ms: performance.now() - began, rows: result.rows.length });
    return result;
  };
  return store;
}

function whenTold(startMs = 0): Promise<void> {
  return new Promise((resolve) => {
    orders.go = resolve;
    say({ kind: 'ready', startMs, memoryMb: process.memoryUsage().rss / 2 ** 20 });
  });
}

function say(report: WorkerReport): void {
  process.send?.(report);
}

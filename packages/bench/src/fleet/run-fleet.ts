import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  onPostgres,
  onRedis,
  type StoreServer,
  startPostgres,
  startRedis,
} from '@tokenkeep/servers';
import type { ClaimFigures, FleetFigures, Lateness, LoopFigures } from './figures.js';
import type { FleetOptions } from './fleet-options.js';
import { openPlace, type Place } from './open-place.js';
import { addJobs } from './peer-loop.js';
import { setDue } from './set-due.js';
import { bytesIn } from './storage.js';
import type { WorkerJob } from './worker-job.js';
import { Workers } from './workers.js';

/** Before a loop is measured it has warmed up. */
const WARM_UP_MS = 3_000;
const HEAD_START_MS = 5_000;
/** Who has not renewed anything in so long has done all it will do. */
const IDLE_MS = 10_000;
const LOOK_EVERY_MS = 2_000;
/** How many of the fleet Redis has twice: once for the bare loop, in its own keys. */
const MOST_COPIED = 200_000;
const MOST_JOBS = 100_000;
const bounds = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000];

/** The whole comparison on one server of its own, with each loop alone on it. */
export async function runFleet(options: FleetOptions): Promise<FleetFigures> {
  const server = await startServer(options.store);
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-bench-'));
  try {
    options.signal.throwIfAborted();
    return await measure(options, server, folder);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Durable as the stores want it; with room in memory for what is measured. */
async function startServer(store: FleetOptions['store']): Promise<StoreServer> {
  if (store === 'redis') return onRedis(await startRedis());
  const settings = { shared_buffers: '1GB', max_wal_size: '4GB' };
  return onPostgres(await startPostgres({ settings }));
}

async function measure(
  options: FleetOptions,
  server: StoreServer,
  folder: string,
): Promise<FleetFigures> {
  const { accounts, store, processes, seconds, tell } = options;
  const newPlace = (name: string) => server.newPlace(join(folder, name)) as Place;
  const place = newPlace('fleet');
  tell(`${accounts} accounts are made and put into ${store}.`);
  const empty = await prepared(place);
  // Due in the last quarter of an hour, each at its own moment.
  const spreadMs = 900_000;
  const dueEvery = spreadMs / accounts;
  const bodyBytes = await fill(options, place, accounts, Date.now() - spreadMs - 60_000, dueEvery);
  const bytesPerAccount = ((await bytesIn(place)) - empty) / accounts;
  const bareplace = store === 'postgres' ? place : newPlace('bare');
  if (bareplace !== place) {
    await prepared(bareplace);
    const copied = Math.min(accounts, MOST_COPIED);
    await fill(options, bareplace, copied, Date.now() - spreadMs - 60_000, dueEvery);
  }

  // In turns, so that a disk that slows down slows down both.
  const turns: Turn[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    tell(`The engine and the bare loop, turn ${turn + 1} of 2, ${seconds} s each.`);
    turns.push({
      engine: await loop(options, engineJob(options, place)),
      bare: await loop(options, {
        role: 'bare',
        place: bareplace,
        connections: options.connections,
      }),
    });
  }
  const engine = together(turns.map((turn) => turn.engine));
  const bare = together(turns.map((turn) => turn.bare));

  tell(`${options.late} accounts fall due in one second.`);
  const lateness = await measureLateness(options, newPlace('late'));
  const peer = options.peers ? await measurePeer(options, newPlace('peer')) : undefined;
  return {
    store,
    accounts,
    processes,
    seconds,
    startMs: Math.max(...turns.map((turn) => turn.engine.startMs)),
    memoryMb: Math.max(...turns.map((turn) => turn.engine.memoryMb)),
    bytesPerAccount,
    bodyBytes,
    engine,
    bare,
    ratio: engine.perSecond / bare.perSecond,
    claim: claimFigures(turns.flatMap((turn) => turn.engine.claims)),
    lateness,
    ...(peer === undefined ? {} : { peer }),
  };
}

/** More was renewed in the time than was there. */
class RanDry extends Error {
  override readonly name = 'RanDry';

  constructor(role: WorkerJob['role']) {
    super(
      `No account was due any more while the loop "${role}" was measured, so its figure would be ` +
        'wrong. Each turn takes what a loop renews in the --seconds and the warm-up: several thousand ' +
        'a second on Redis, a thousand on PostgreSQL. Give more --accounts, or fewer --seconds.',
    );
  }
}

interface Measured extends LoopFigures {
  readonly startMs: number;
  readonly memoryMb: number;
  readonly claims: readonly { readonly ms: number; readonly rows: number }[];
}
interface Turn {
  readonly engine: Measured;
  readonly bare: Measured;
}

/** Makes the tables, and says how much is there without any account. */
async function prepared(place: Place): Promise<number> {
  const store = openPlace(place, 1);
  await store.open();
  await store.close();
  return bytesIn(place);
}

async function fill(
  { processes, signal }: FleetOptions,
  place: Place,
  accounts: number,
  dueFrom: number,
  dueEvery: number,
): Promise<number> {
  const each = Math.ceil(accounts / processes);
  const jobs = Array.from({ length: processes }, (_, index): WorkerJob => {
    const from = Math.min(accounts, index * each);
    const to = Math.min(accounts, from + each);
    return { role: 'fill', place, from, to, dueFrom, dueEvery };
  });
  await using workers = new Workers(jobs, signal);
  const filled = await workers.all('filled');
  return Math.max(...filled.map(({ bodyBytes }) => bodyBytes));
}

function engineJob({ accounts, connections }: FleetOptions, place: Place): WorkerJob {
  return { role: 'engine', place, accounts, connections, scheduled: false };
}

/** Every process of the fleet at the same job. */
function allDoing(job: WorkerJob, { processes, signal }: FleetOptions): Workers {
  return new Workers(
    Array.from({ length: processes }, () => job),
    signal,
  );
}

async function loop(options: FleetOptions, job: WorkerJob): Promise<Measured> {
  const { seconds, signal } = options;
  await using workers = allDoing(job, options);
  const started = await workers.all('ready');
  workers.tell('go');
  await sleep(Math.min(WARM_UP_MS, seconds * 500), undefined, { signal });
  const warms = async () =>
    (await workers.ask()).some(({ renewals, ranDry }) => renewals === 0 && !ranDry);
  while (await warms()) await sleep(100, undefined, { signal });
  workers.tell('mark');
  await sleep(seconds * 1_000, undefined, { signal });
  const reports = await workers.ask();
  if (reports.some(({ ranDry }) => ranDry)) throw new RanDry(job.role);
  const perSecond = sum(reports.map(({ renewals, elapsedMs }) => (renewals * 1_000) / elapsedMs));
  return {
    perSecond,
    renewals: sum(reports.map(({ renewals }) => renewals)),
    claims: reports.flatMap(({ claims }) => claims),
    startMs: Math.max(...started.map(({ startMs }) => startMs)),
    memoryMb: Math.max(...started.map(({ memoryMb }) => memoryMb)),
  };
}

async function measureLateness(options: FleetOptions, place: Place): Promise<Lateness> {
  const { late, connections, signal } = options;
  await prepared(place);
  const dueEvery = 1_000 / late;
  await fill(options, place, late, Date.now() + 3_600_000, dueEvery);
  const job: WorkerJob = { role: 'engine', place, accounts: late, connections, scheduled: true };
  await using workers = allDoing(job, options);
  await workers.all('ready');
  const dueFrom = await dueSoon(place, late, dueEvery);
  options.tell(`The first is due in ${dueFrom - Date.now()} ms.`);
  workers.tell('go');
  let moments: number[] = [];
  let requests = 0;
  let idleSince = Date.now();
  while (moments.length < 2 * late && Date.now() - Math.max(idleSince, dueFrom) < IDLE_MS) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const reports = await workers.ask();
    const before = moments.length;
    moments = reports.flatMap((report) => report.moments);
    requests = sum(reports.map((report) => report.requests));
    if (moments.length > before) idleSince = Date.now();
    options.tell(`${moments.length / 2} of them are renewed.`);
  }
  return latenessOf(moments, requests, late, (account) => dueFrom + account * dueEvery);
}

/** Says from when on they are due: in a moment, however long it takes to say so to the store. */
async function dueSoon(place: Place, accounts: number, dueEvery: number): Promise<number> {
  for (let headStartMs = HEAD_START_MS; ; headStartMs *= 2) {
    const dueFrom = Date.now() + headStartMs;
    await setDue(place, accounts, dueFrom, dueEvery);
    if (Date.now() < dueFrom) return dueFrom;
  }
}

function latenessOf(
  moments: readonly number[],
  requests: number,
  accounts: number,
  dueOf: (account: number) => number,
): Lateness {
  const renewedAt = new Map<number, number>();
  let twice = 0;
  for (let at = 0; at < moments.length; at += 2) {
    const [account = 0, moment = 0] = moments.slice(at, at + 2);
    if (renewedAt.has(account)) twice += 1;
    else renewedAt.set(account, moment);
  }
  const late = [...renewedAt].map(([account, moment]) => moment - dueOf(account));
  late.sort((a, b) => a - b);
  const mostMs = late.at(-1) ?? 0;
  const upTo = [
    ...bounds.filter((bound) => bound < mostMs),
    ...bounds.filter((b) => b >= mostMs).slice(0, 1),
  ];
  const histogram = upTo.map((upToMs, index) => {
    const above = upTo[index - 1] ?? Number.NEGATIVE_INFINITY;
    return { upToMs, count: late.filter((ms) => ms > above && ms <= upToMs).length };
  });
  return {
    accounts,
    renewed: moments.length / 2,
    twice,
    missed: accounts - renewedAt.size,
    requests,
    p50Ms: quantile(late, 0.5),
    p99Ms: quantile(late, 0.99),
    mostMs,
    histogram,
  };
}

async function measurePeer(options: FleetOptions, place: Place) {
  const name = options.store === 'postgres' ? 'pg-boss' : 'BullMQ';
  const count = Math.min(options.accounts, MOST_JOBS);
  options.tell(`${count} jobs on ${name}, one for each token.`);
  await addJobs(place, count);
  const { perSecond, renewals } = await loop(options, { role: 'peer', place });
  return { name, perSecond, renewals };
}

function together(turns: readonly Measured[]): LoopFigures {
  return {
    perSecond: sum(turns.map(({ perSecond }) => perSecond)) / turns.length,
    renewals: sum(turns.map(({ renewals }) => renewals)),
  };
}

function claimFigures(
  claims: readonly { readonly ms: number; readonly rows: number }[],
): ClaimFigures {
  const ms = claims.map((claim) => claim.ms).sort((a, b) => a - b);
  return {
    claims: claims.length,
    rowsPerClaim: sum(claims.map(({ rows }) => rows)) / Math.max(1, claims.length),
    p50Ms: quantile(ms, 0.5),
    p99Ms: quantile(ms, 0.99),
  };
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

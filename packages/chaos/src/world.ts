import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AccountServers } from './account-servers.js';
import { Diary } from './diary.js';
import type { Evidence } from './evidence.js';
import { Fleet } from './fleet.js';
import { Havoc } from './havoc.js';
import { watchHealing } from './healing.js';
import { disturbancesOf, wallClocks } from './nemesis.js';
import { Person } from './person.js';
import { searchSecrets } from './secret-search.js';
import { loginBudget } from './server-kinds.js';
import { type StoreName, StorePlace } from './store-place.js';
import { parameters, realNow } from './time-scale.js';
import type { EngineSettings } from './witnessed-engine.js';

export interface WorldPlan {
  readonly store: StoreName;
  readonly seed: number;
  readonly durationMs: number;
  readonly processes: number;
  readonly accounts: number;
  /** Whether anything goes wrong. */
  readonly disturbed: boolean;
  /** Aborted: everything that was started is ended, and nothing is judged. */
  readonly signal?: AbortSignal | undefined;
}

/** Plays one run from its first login to the last process's end. */
export async function playWorld(plan: WorldPlan): Promise<Evidence> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-chaos-'));
  const diary = new Diary();
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const run = played(plan, folder, diary, (end) => ends.push(end));
    run.catch(() => {});
    return await Promise.race([run, aborted(plan.signal)]);
  } finally {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

async function played(
  plan: WorldPlan,
  folder: string,
  diary: Diary,
  atEnd: (end: () => Promise<unknown>) => void,
): Promise<Evidence> {
  const servers = await AccountServers.start(plan.accounts, (cut) => {
    if (!diary.cuts.has(cut.attemptId)) diary.cuts.set(cut.attemptId, cut);
  });
  atEnd(() => servers.stop());
  const store = await StorePlace.start(plan.store, folder);
  atEnd(() => store.stop());
  const settings = (person = false): EngineSettings => ({
    store: store.settings,
    providers: servers.providers,
    accounts: servers.accounts(person),
    parameters,
    loginBudget,
  });
  const byHand = servers.all
    .filter(({ kind }) => !kind.logsIn)
    .flatMap(({ people }) => people.map(({ accountId }) => accountId));
  const person = new Person(() => settings(true), diary);
  const shifts = plan.disturbed ? wallClocks(plan.seed) : () => 0;
  const fleet = new Fleet(folder, diary, settings, servers.names, shifts, (_process, heard) => {
    if (heard.told !== 'account:reauthorization_required') return;
    const { account = '' } = heard.facts;
    if (byHand.includes(account)) person.asked(account);
  });
  let isStopped = false;
  atEnd(async () => {
    if (!isStopped) await fleet.end();
  });

  // One after the other, and by hand: a fleet that begins with fifty logins at once, on a machine
  // that is busy with its own start, is another test.
  await person.logInAll(servers.names);
  await fleet.start(plan.processes);
  const from = realNow();
  if (plan.disturbed) {
    const schedule = disturbancesOf(plan.seed, plan.durationMs, plan.store);
    await new Havoc(servers, store, fleet, diary).play(schedule, plan.durationMs);
  } else await sleep(plan.durationMs);
  const until = realNow();

  servers.heal();
  store.heal();
  fleet.heal();
  const healing = await watchHealing(fleet, servers);
  await person.goHome();
  const survivors = await fleet.stop();
  isStopped = true;
  const { leaks, bytes } = searchSecrets(folder, servers.secrets);
  return {
    servers: servers.evidence(),
    attempts: diary.attempts,
    cuts: diary.cuts,
    lives: diary.lives,
    handed: diary.handed,
    events: diary.events,
    healing,
    disturbances: diary.disturbances,
    ...diary.counts,
    escrowWindowsMs: diary.escrowWindowsMs,
    from,
    until,
    leaks,
    scannedBytes: bytes,
    survivors,
  };
}

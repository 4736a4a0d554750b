import type { StoredRow } from '@tokenkeep/core';
import { atOnce, crmEngine } from './crm-engine.js';
import { HandClock } from './hand-clock.js';
import { ScheduledServer } from './scheduled-server.js';

/** What a store holds after `crm` has logged in, at the beginning of time. */
export async function rowsAfterLogin(): Promise<ReadonlyMap<string, StoredRow>> {
  const rows = new Map<string, StoredRow>();
  const ground = { clock: new HandClock(), server: new ScheduledServer(atOnce), rows };
  const engine = await crmEngine(ground, atOnce);
  await engine.getToken('crm');
  await engine.stop();
  return rows;
}

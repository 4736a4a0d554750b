import {
  createTokenEngine,
  type Escrow,
  memoryStore,
  noEscrow,
  type Sealer,
  type StoredRow,
  type TokenEngine,
  type TokenProvider,
} from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { seededRandom } from '@tokenkeep/testing';
import { person } from '../acceptance/world.js';
import type { HandClock } from './hand-clock.js';
import type { ScheduledServer } from './scheduled-server.js';
import { scheduledStore } from './scheduled-store.js';
import type { Step } from './step.js';

/** Seals nothing: sealing would be much of what 10,000 short runs do, and is not tried in them. */
const sealer: Sealer = {
  seal: (text) => text,
  open: (sealed) => sealed,
  fingerprint: (text) => text,
  matches: (text, print) => text === print,
};
const provider = authRefresh({ id: 'crm-api', baseUrl: 'https://id.example' }) as TokenProvider;

/** What the engines of one run share: their rows, their server and their time. */
export interface CrmGround {
  readonly clock: HandClock;
  readonly server: ScheduledServer;
  readonly rows: Map<string, StoredRow>;
}

/** An engine with the account `crm`, whose store does things when `step` says so. */
export function crmEngine(
  { clock, server, rows }: CrmGround,
  step: Step,
  {
    id = 'this-process',
    escrow = noEscrow,
  }: { readonly id?: string; readonly escrow?: Escrow } = {},
): Promise<TokenEngine> {
  return createTokenEngine({
    store: scheduledStore(step, memoryStore(clock, rows)),
    escrow,
    clock,
    exchange: server,
    random: seededRandom(id),
    sealer,
    holder: { id, isSimulated: true, isGone: () => false },
    providers: [provider],
    accounts: [{ provider: 'crm-api', account: 'crm', credentials: person }],
  });
}

export const atOnce: Step = async () => {};

import type { Simulation, Watcher } from '@tokenkeep/testing/simulation';

/** What a test run must see at least once: else its chaos was too mild to prove anything. */
export const sometimes = [
  'in doubt entered',
  'in-doubt resend succeeded',
  'in-doubt resend refused',
  'lease taken over',
  'claim lost',
  'escrow written',
  'escrow replayed',
  "another replica's token adopted",
  'budget exhausted',
  'breaker open',
  'breaker half-open',
  'suspend detected',
  'unchanged token',
  'Retry-After honoured',
  'valid token served through an outage',
  'token refused by an API',
  'rotated for security',
  'revoked',
  'crash at CP0',
  'crash at CP1',
  'crash at CP2',
  'crash at CP3',
  'crash at CP4',
  'crash at CP5',
  'crash at CP6',
  'crash at CP7',
  'crash at CP8',
  'crash at CP9',
  'crash at CP10',
] as const;

export type Sometimes = (typeof sometimes)[number];

/** How often each was reached. */
export type Reached = Map<Sometimes, number>;

/** Counts them, as servers, wires and engines tell of them. */
export function reachedProperties(simulation: Simulation, reached: Reached): Watcher {
  const count = (what: Sometimes) => void reached.set(what, (reached.get(what) ?? 0) + 1);
  const byEvent: Readonly<Record<string, Sometimes>> = {
    'renewal:in_doubt': 'in doubt entered',
    'claim:taken_over': 'lease taken over',
    'claim:lost': 'claim lost',
    'escrow:written': 'escrow written',
    'escrow:replayed': 'escrow replayed',
    'token:adopted': "another replica's token adopted",
    'budget:exhausted': 'budget exhausted',
    'clock:suspended': 'suspend detected',
    'token:refused': 'token refused by an API',
    'token:rotated': 'rotated for security',
    'token:revoked': 'revoked',
  };
  return {
    processed(_send, { replay, outcome }) {
      if (!replay) return;
      count(outcome === 'refused' ? 'in-doubt resend refused' : 'in-doubt resend succeeded');
    },
    read({ readStatus }) {
      if (readStatus === 429) count('Retry-After honoured');
    },
    served({ process }) {
      const { store, network } = simulation;
      const anyDown = [...network.servers.values()].some(({ isDown }) => isDown);
      if (anyDown || !store.isReachableFor(process)) count('valid token served through an outage');
    },
    told(_process, event, { kind, state }) {
      const known = byEvent[event];
      if (known !== undefined) count(known);
      if (event === 'anomaly:detected' && kind === 'unchanged_token') count('unchanged token');
      if (event === 'breaker:changed' && state === 'open') count('breaker open');
      if (event === 'breaker:changed' && state === 'half-open') count('breaker half-open');
    },
    diedAt(point) {
      count(`crash at ${point}`);
    },
  };
}

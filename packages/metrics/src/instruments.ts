import type { Meter } from '@opentelemetry/api';

/** Seconds, as OpenTelemetry wants durations. Renewals are network calls, commits are disk writes. */
const callSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90];
const durableSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const headroomSeconds = [0, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

/**
 * Everything that is measured. No instrument has an account among its attributes: there may be a
 * million, and their names are nobody's business.
 */
export function makeInstruments(meter: Meter) {
  const seconds = (buckets: readonly number[], description: string) => ({
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: [...buckets] },
  });
  return {
    renewals: meter.createCounter('tokenkeep.renewals', {
      unit: '{renewal}',
      description: 'Attempts that ended, by what they brought.',
    }),
    renewalDuration: meter.createHistogram(
      'tokenkeep.renewal.duration',
      seconds(callSeconds, 'From the beginning of an attempt to its end.'),
    ),
    durable: meter.createHistogram(
      'tokenkeep.renewal.durable',
      seconds(durableSeconds, 'From the reply until no crash could lose the tokens any more.'),
    ),
    headroom: meter.createHistogram(
      'tokenkeep.token.left',
      seconds(headroomSeconds, 'What a token could still have been used for when it was replaced.'),
    ),
    doubts: meter.createCounter('tokenkeep.doubts', {
      unit: '{doubt}',
      description: 'Single-use refresh tokens that were sent and whose reply was lost.',
    }),
    refusals: meter.createCounter('tokenkeep.guard.refusals', {
      unit: '{refusal}',
      description: 'Token requests that the guard or a budget kept back.',
    }),
    refusedTokens: meter.createCounter('tokenkeep.tokens.refused', {
      unit: '{token}',
      description: 'Tokens an API refused before their end.',
    }),
    persons: meter.createCounter('tokenkeep.reauthorizations', {
      unit: '{account}',
      description: 'Accounts that only a person can help.',
    }),
    anomalies: meter.createCounter('tokenkeep.anomalies', {
      unit: '{anomaly}',
      description: 'Replies that a careful reader should know about.',
    }),
    escrow: meter.createCounter('tokenkeep.escrow', {
      unit: '{pair}',
      description: 'Pairs that went through escrow: written, replayed, discarded.',
    }),
    takeovers: meter.createCounter('tokenkeep.claims.taken_over', {
      unit: '{claim}',
      description: 'Claims of processes that did not finish.',
    }),
    storeOutage: meter.createHistogram(
      'tokenkeep.store.outage',
      seconds(callSeconds, 'How long the store was away, once it is back.'),
    ),
    accounts: meter.createObservableGauge('tokenkeep.accounts', {
      unit: '{account}',
      description: 'Accounts as this process sees them: known, with_token, in_doubt, need_person.',
    }),
    overdue: meter.createObservableGauge('tokenkeep.schedule.overdue', {
      unit: 's',
      description: 'How late the account is that has waited longest for its renewal.',
    }),
    storeReachable: meter.createObservableGauge('tokenkeep.store.reachable', {
      description: '1: the last call of the store was answered.',
    }),
    breakers: meter.createObservableGauge('tokenkeep.breakers.open', {
      unit: '{host}',
      description: 'Hosts and clients that are left alone.',
    }),
    incidents: meter.createObservableGauge('tokenkeep.incidents', {
      unit: '{provider}',
      description: '1 while a provider refuses many accounts at once.',
    }),
  };
}

export type Instruments = ReturnType<typeof makeInstruments>;

/** For documentation and dashboards. */
export const instrumentNames: readonly string[] = [
  'tokenkeep.renewals',
  'tokenkeep.renewal.duration',
  'tokenkeep.renewal.durable',
  'tokenkeep.token.left',
  'tokenkeep.doubts',
  'tokenkeep.guard.refusals',
  'tokenkeep.tokens.refused',
  'tokenkeep.reauthorizations',
  'tokenkeep.anomalies',
  'tokenkeep.escrow',
  'tokenkeep.claims.taken_over',
  'tokenkeep.store.outage',
  'tokenkeep.accounts',
  'tokenkeep.schedule.overdue',
  'tokenkeep.store.reachable',
  'tokenkeep.breakers.open',
  'tokenkeep.incidents',
];

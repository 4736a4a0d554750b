/**
 * Every duration and cap of the engine, in milliseconds unless the name says otherwise. They are
 * options, not constants, so that tests scale time by one factor and operators can tune one.
 */
export interface Parameters {
  /** Taken off every lifetime, at most a tenth of it. */
  readonly safetyMs: number;
  readonly mandatoryMs: number;
  readonly mandatoryFloorMs: number;
  readonly advisoryMs: number;
  /** A stated lifetime below this is dead on arrival. */
  readonly shortestLifetimeMs: number;

  /** How long `getToken` waits at most, unless the caller's signal says otherwise. */
  readonly waitMs: number;
  /** How old the view of the store may be before a caller's request re-reads it. */
  readonly viewMaxAgeMs: number;
  /** How long the body of an API's reply is read to see whether it refuses the token. */
  readonly bodyPeekMs: number;
  /** How often a process that lost the claim looks whether the winner is done. */
  readonly followPollMs: number;
  /** Longest life of one flight: its renewal, its retries and its waiting for other processes. */
  readonly flightMs: number;
  /** Token requests one flight may make. Count. */
  readonly attemptsPerFlight: number;

  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** The first byte leaves only with this much of the lease left. */
  readonly sendGateMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** For single-use refresh tokens: aborting early is what loses a rotation. */
  readonly rotationTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** A resend stops this long before the provider's reuse grace ends. */
  readonly graceMarginMs: number;
  /** After this nobody who sent may still commit: longer than `rotationTimeoutMs`. */
  readonly quarantineMs: number;
  /** After a store outage, time for cut-off holders to commit first. */
  readonly storeReturnMs: number;
  readonly commitRetryMs: number;

  readonly gapMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Longest a provider may park an account with Retry-After. */
  readonly parkMaxMs: number;
  readonly forcedGapMs: number;
  /** The window of the request caps: an hour. */
  readonly capWindowMs: number;
  /** Requests per window that brought a usable token, at least. Count. */
  readonly usableCap: number;
  /** Other requests per window, at least. Count. */
  readonly otherCap: number;
  /** Obtains per window after the account's own sessions ended. Count. */
  readonly sessionCap: number;
  /** Waits after the first and the second refusal that names no reason; the third is final. */
  readonly ambiguousWaitsMs: readonly number[];

  readonly breakerFailures: number;
  /** Rejections of the operator's client in a row. Count. */
  readonly clientBreakerFailures: number;
  readonly breakerOpenMs: number;
  readonly breakerMaxMs: number;
  readonly retryQuota: number;

  /** Refused accounts of one provider that are believed, and that make an incident. Count. */
  readonly incidentAccounts: number;
  /** How many in a hundred of a provider's accounts make an incident, if refused in one window. */
  readonly incidentPercent: number;
  readonly incidentWindowMs: number;
  /** An incident that does not end by itself. */
  readonly incidentFreezeMs: number;
  /** While many are refused, one of them tries again so often. */
  readonly incidentProbeMs: number;
  /** Between two logins at one provider after an incident. */
  readonly incidentLoginGapMs: number;

  readonly schedulePollMs: number;
  /** How often the store is asked for accounts that others added, changed or removed. */
  readonly accountsPollMs: number;
  readonly scheduleBatch: number;
  readonly scheduleConcurrency: number;
  /** First or late renewals of one provider that begin at once; more are spread. Count. */
  readonly scheduleAtOnce: number;
  readonly sessionLeaseMs: number;
  /** Time between publishing a rotated token and deleting the old one. */
  readonly drainMs: number;
  readonly revokeAttempts: number;
  readonly stopMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The defaults, in real time. `docs/reference/parameters.md` says why each is what it is. */
export const defaultParameters: Parameters = {
  safetyMs: SECOND,
  mandatoryMs: MINUTE,
  mandatoryFloorMs: SECOND,
  advisoryMs: 15 * MINUTE,
  shortestLifetimeMs: SECOND,
  waitMs: 15 * SECOND,
  viewMaxAgeMs: SECOND,
  bodyPeekMs: 2 * SECOND,
  followPollMs: 100,
  flightMs: 2 * MINUTE,
  attemptsPerFlight: 3,
  leaseMs: 10 * SECOND,
  heartbeatMs: 3 * SECOND,
  sendGateMs: 5 * SECOND,
  connectTimeoutMs: 5 * SECOND,
  requestTimeoutMs: 10 * SECOND,
  rotationTimeoutMs: 90 * SECOND,
  maxBodyBytes: 65_536,
  graceMarginMs: 5 * SECOND,
  quarantineMs: 95 * SECOND,
  storeReturnMs: 10 * SECOND,
  commitRetryMs: SECOND,
  gapMs: 5 * SECOND,
  backoffBaseMs: SECOND,
  backoffMaxMs: 300 * SECOND,
  parkMaxMs: 24 * 60 * MINUTE,
  forcedGapMs: 5 * MINUTE,
  capWindowMs: 60 * MINUTE,
  usableCap: 6,
  otherCap: 32,
  sessionCap: 60,
  ambiguousWaitsMs: [MINUTE, 5 * MINUTE],
  breakerFailures: 5,
  clientBreakerFailures: 3,
  breakerOpenMs: 30 * SECOND,
  breakerMaxMs: 5 * MINUTE,
  retryQuota: 100,
  incidentAccounts: 5,
  incidentPercent: 20,
  incidentWindowMs: 5 * MINUTE,
  incidentFreezeMs: 15 * MINUTE,
  incidentProbeMs: MINUTE,
  incidentLoginGapMs: 5 * SECOND,
  schedulePollMs: 5 * SECOND,
  accountsPollMs: 30 * SECOND,
  scheduleBatch: 64,
  scheduleConcurrency: 64,
  scheduleAtOnce: 10,
  sessionLeaseMs: MINUTE,
  drainMs: 30 * SECOND,
  revokeAttempts: 8,
  stopMs: 25 * SECOND,
};

const counts = new Set<keyof Parameters>([
  'attemptsPerFlight',
  'maxBodyBytes',
  'usableCap',
  'otherCap',
  'sessionCap',
  'breakerFailures',
  'clientBreakerFailures',
  'retryQuota',
  'incidentAccounts',
  'incidentPercent',
  'scheduleBatch',
  'scheduleConcurrency',
  'scheduleAtOnce',
  'revokeAttempts',
]);

/** The same parameters with every duration multiplied by `factor`: a test's hour of minutes. */
export function scaleParameters(factor: number, base: Parameters = defaultParameters): Parameters {
  const scaled = Object.entries(base).map(([name, value]) => {
    if (counts.has(name as keyof Parameters)) return [name, value];
    if (Array.isArray(value)) return [name, value.map((ms: number) => ms * factor)];
    return [name, value * factor];
  });
  return Object.fromEntries(scaled) as Parameters;
}

import { TokenError } from '../errors/token-error.js';
import { defaultParameters, type Parameters } from './parameters.js';

type Name = keyof Parameters;

/** The first must be shorter than the second, or a promise of the engine does not hold. */
const shorter: readonly (readonly [Name, Name, because: string])[] = [
  ['heartbeatMs', 'leaseMs', 'a lease must outlive a missed heartbeat'],
  ['sendGateMs', 'leaseMs', 'else no request may ever be sent'],
  ['connectTimeoutMs', 'rotationTimeoutMs', 'connecting is a part of the request'],
  ['rotationTimeoutMs', 'quarantineMs', 'a sender may still commit until its time-out'],
  ['backoffBaseMs', 'backoffMaxMs', 'the first backoff is the shortest'],
  ['incidentProbeMs', 'incidentFreezeMs', 'an incident ends by a probe that succeeds'],
  ['incidentWindowMs', 'incidentFreezeMs', 'what is counted must not outlive the freeze'],
  ['breakerOpenMs', 'breakerMaxMs', 'the first opening is the shortest'],
];

/** @throws TokenError `CONFIGURATION_INVALID`, naming the parameter and what it may be */
export function checkParameters(parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!(name in defaultParameters)) throw invalid(`There is no parameter "${name}".`);
    for (const number of Array.isArray(value) ? value : [value]) {
      if (Number.isFinite(number) && number > 0) continue;
      throw invalid(`Parameter ${name} is ${String(value)}: it must be a number above 0.`);
    }
  }
  for (const [less, more, because] of shorter) {
    if (parameters[less] < parameters[more]) continue;
    throw invalid(
      `Parameter ${less} (${parameters[less]}) must be below ${more} (${parameters[more]}): ` +
        `${because}.`,
    );
  }
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason: 'parameters' });
}

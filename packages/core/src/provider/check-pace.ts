import { TokenError } from '../errors/token-error.js';
import type { Pace } from './provider-profile.js';

/** More requests at once than this to one server is no pace. */
const MOST_AT_ONCE = 256;
/** One in eleven days. Slower is a slip, and soon more than a number can count. */
const SLOWEST = 1e-6;

const members: readonly (keyof Pace)[] = ['perSecond', 'burst', 'concurrent', 'of'];

/** One sentence for each mistake. */
export function* paceProblems(pace: unknown): Iterable<string> {
  if (typeof pace !== 'object' || pace === null) return yield 'is not { perSecond, concurrent }';
  const { perSecond, burst, concurrent, of } = pace as Pace;
  for (const name of Object.keys(pace)) {
    if (!members.includes(name as keyof Pace)) {
      yield `has no "${name}"; known: ${members.join(', ')}`;
    }
  }
  if (perSecond === undefined && concurrent === undefined) {
    yield 'states neither perSecond nor concurrent';
  }
  if (perSecond !== undefined && !(Number.isFinite(perSecond) && perSecond >= SLOWEST)) {
    yield 'perSecond must be a number, 0.000001 or more';
  }
  if (burst !== undefined && !(Number.isInteger(burst) && burst > 0)) {
    yield 'burst must be a whole number above 0';
  }
  const isCount = Number.isInteger(concurrent) && (concurrent ?? 0) > 0;
  if (concurrent !== undefined && !(isCount && concurrent <= MOST_AT_ONCE)) {
    yield `concurrent must be a whole number from 1 to ${MOST_AT_ONCE}`;
  }
  if (of !== undefined && (typeof of !== 'string' || of === '')) yield 'of must be a name';
}

/**
 * The operator's paces: each for a provider there is.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, naming the provider and the member
 */
export function checkPaces(
  paces: Readonly<Record<string, Pace>>,
  providers: readonly string[],
): void {
  for (const [provider, pace] of Object.entries(paces)) {
    if (!providers.includes(provider)) {
      throw invalid(
        `The option "pace" names provider "${provider}", which is not there. ` +
          `Known: ${providers.join(', ')}.`,
      );
    }
    for (const problem of paceProblems(pace)) {
      throw invalid(`The pace of provider "${provider}": ${problem}.`);
    }
  }
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}

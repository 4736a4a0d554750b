import { type EventName, TokenError } from '@tokenkeep/core';
import { errorFacts } from '../terminal/error-block.js';
import {
  durationInWords,
  isoTime,
  momentInWords,
  untilInWords,
} from '../terminal/life-in-words.js';
import { plainText } from '../terminal/plain-text.js';
import type { Colours, Terminal } from '../terminal/terminal.js';

/** An event with its name; the rest as `docs/reference/events.md` has it. */
export interface Happened {
  readonly event: EventName;
  readonly at: number;
  readonly [fact: string]: unknown;
}

const bad: readonly EventName[] = [
  'account:reauthorization_required',
  'account:credentials_rejected',
  'store:unavailable',
];
const good: readonly EventName[] = ['token:obtained', 'token:renewed', 'store:recovered'];
/** What happens all the time: for `--json` and `--verbose` alone. */
const quiet: readonly EventName[] = [
  'renewal:started',
  'token:adopted',
  'claim:lost',
  'escrow:written',
];

export function isQuiet({ event }: Happened): boolean {
  return quiet.includes(event);
}

/** For `--json`: the facts as they are, times as RFC 3339, errors without their stack. */
export function eventFacts({ event, at, ...facts }: Happened): Record<string, unknown> {
  const shown = Object.entries(facts).map(([name, value]) => {
    if (TokenError.is(value)) return [name, errorFacts(value, { verbose: false })];
    if (name === 'retryAt' && typeof value === 'number') return [name, isoTime(value)];
    return [name, typeof value === 'string' ? plainText(value, 2_000) : value];
  });
  return { event, at: isoTime(at), ...Object.fromEntries(shown) };
}

/** `14:05:12  crm  token renewed, lives 2 min`. */
export function eventText(
  happened: Happened,
  names: ReadonlyMap<string, string>,
  { colours: paint }: Pick<Terminal, 'colours'>,
): string {
  const { event, at, account } = happened;
  const time = paint.dim(momentInWords(at, at));
  const who =
    typeof account === 'string' ? `${paint.bold(plainText(names.get(account) ?? account))}  ` : '';
  const what = colourOf(event, paint)(event.replace(':', ' ').replaceAll('_', ' '));
  const more = factsInWords(happened);
  return `${time}  ${who}${what}${more === '' ? '' : `, ${more}`}`;
}

function colourOf(event: EventName, paint: Colours) {
  if (bad.includes(event)) return paint.red;
  if (good.includes(event)) return paint.green;
  return quiet.includes(event) ? paint.dim : paint.yellow;
}

function factsInWords({ at, ...facts }: Happened): string {
  const { generation, lifetimeMs, retryAt, error } = facts;
  const { operation, trigger, reason, kind, state, host, message } = facts;
  const words = [operation, trigger, reason, kind, host, state, message]
    .filter((word) => typeof word === 'string')
    .map((word) => plainText(word).replaceAll('_', ' '));
  if (typeof generation === 'number' && typeof lifetimeMs === 'number') {
    words.push(`token ${generation} lives ${durationInWords(lifetimeMs)}`);
  }
  if (TokenError.is(error)) {
    words.push(error.reason === undefined ? error.code : `${error.code} (${error.reason})`);
  }
  if (typeof retryAt === 'number') words.push(`again ${untilInWords(retryAt, at)}`);
  return words.join(', ');
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import type { AccountRecord } from '../src/store/account-record.js';
import { parseRecord } from '../src/store/parse-record.js';
import { outcomeOf } from './outcome-of.js';

const moment = { epoch: 1, ms: 1_767_225_600_000 };
const upstream = { account: 'oauth20/main', incarnation: '1.ab12', generation: 3 };

/** Every member there is. Whatever is left out of it, or is something else, was damaged. */
const whole: Required<AccountRecord> = {
  format: 1,
  incarnation: '2.0fa4',
  generation: 7,
  state: 'live',
  reason: 'rotation_lost',
  access: {
    sealed: 'tk1.one.AAAA',
    tokenType: 'Bearer',
    issuedAt: moment,
    lifetimeMs: 3_600_000,
    scope: 'read write',
    noProgress: true,
    sharesUpstream: true,
    refused: true,
    ended: true,
  },
  refresh: { sealed: 'tk1.one.BBBB', issuedAt: moment, lifetimeMs: 86_400_000, dead: true },
  sent: { attemptId: 'a1', sentAt: moment, sends: 1, holder: 'h1', ended: true },
  committedBy: 'a0',
  guard: {
    failures: 2,
    notBefore: moment.ms,
    notBeforeReason: 'backoff',
    lastRequestAt: moment.ms,
    freeStep: true,
    slots: [{ start: moment.ms, usable: 1, other: 2, session: 3 }],
    forcedAt: moment.ms,
    forcedGeneration: 6,
    ambiguous: 1,
    livedGeneration: 5,
    livedMs: 3_600_000,
    rejectedCredentials: 'one.CCCC',
    refused: { at: moment.ms, believed: ['refresh'] },
  },
  retiring: [
    {
      id: 'r1',
      sealed: 'tk1.one.DDDD',
      incarnation: '1.ab12',
      generation: 6,
      after: moment.ms,
      attempts: 1,
      upstream,
    },
  ],
  sessions: [{ id: 's1', until: moment.ms }],
  sessionEnded: true,
  upstream,
  rotateAt: moment.ms,
};

const optional = new Set([
  ...['reason', 'access', 'refresh', 'sent', 'committedBy', 'sessionEnded', 'upstream', 'rotateAt'],
  ...['scope', 'noProgress', 'sharesUpstream', 'refused', 'ended', 'dead', 'refresh.lifetimeMs'],
  ...['notBefore', 'notBeforeReason', 'lastRequestAt', 'freeStep', 'forcedAt', 'forcedGeneration'],
  ...['livedGeneration', 'livedMs', 'rejectedCredentials'],
]);
const isOptional = (path: Path) =>
  optional.has(String(path.at(-1))) || optional.has(path.slice(-2).join('.'));

type Rule = (value: unknown) => boolean;

const isCount: Rule = (value) => Number.isSafeInteger(value);

const isText: Rule = (value) => typeof value === 'string';

/** Where the same type is not enough, by the name of a member or by its path. */
const rules: Readonly<Record<string, Rule>> = {
  format: (value) => value === 1,
  state: (value) =>
    typeof value === 'string' &&
    ['idle', 'live', 'reauthorization_required', 'revoked'].includes(value),
  incarnation: (value) => typeof value === 'string' && /^\d+\.[0-9a-f]+$/.test(value),
  'upstream.incarnation': isText,
  'retiring.0.incarnation': isText,
  'retiring.0.upstream.incarnation': isText,
  generation: isCount,
  sends: isCount,
  failures: isCount,
  ambiguous: isCount,
  attempts: isCount,
  forcedGeneration: isCount,
  livedGeneration: isCount,
};

type Path = readonly (string | number)[];

const paths = pathsIn(whole);
const values = fc.oneof(
  fc.constantFrom(undefined, null, true, false, '', 'live', 0, -1, 1.5, 2 ** 60),
  fc.constantFrom([], {}, [null], [[]], { ms: 1 }, '1.ab', '7', '__proto__', ['live']),
  fc.jsonValue({ maxDepth: 1 }),
);
const changes = fc.array(
  fc.tuple(fc.constantFrom<Path>(...paths, ['later'], ['guard', 'x']), values),
  {
    maxLength: 3,
  },
);

const isWhole = likeness(whole);

const bodies = fc.oneof(
  { weight: 8, arbitrary: changes.map((all) => JSON.stringify(all.reduce(changed, whole))) },
  // Torn, or written over in one place.
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(1_200), fc.nat(2), fc.constantFrom('', '0', '"', '}', 'null', '\0'))
      .map(([at, length, put]) => {
        const text = JSON.stringify(whole);
        return text.slice(0, at) + put + text.slice(at + length);
      }),
  },
  fc.json({ maxDepth: 2 }),
  // Not by String(): an object may be in the way of that with a member of its own.
  fc.anything({ maxDepth: 1, maxKeys: 2 }).map((value) => fc.stringify(value)),
);

describe('a stored record', () => {
  test('F64 is damaged where a flag is none: it would count as set', () => {
    for (const record of [
      { ...whole, sessionEnded: [] },
      { ...whole, access: { ...whole.access, ended: 'no' } },
      { ...whole, guard: { ...whole.guard, freeStep: 1 } },
    ]) {
      const { error } = outcomeOf(() => parseRecord('crm-api/crm', JSON.stringify(record)));
      expect(error).toMatchObject({ code: 'RECORD_UNREADABLE', reason: 'not_a_record' });
    }
  });

  test('F64 F66 is read if it is whole, whatever was added, and is else an error that names it', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const value = parsed(body);
        const { value: record, error } = outcomeOf(() => parseRecord('crm-api/crm', body));
        if (isWhole(value)) {
          const kept = JSON.stringify(record);
          return kept === body || kept === JSON.stringify(value);
        }
        return error?.code === 'RECORD_UNREADABLE' && error.account === 'crm-api/crm';
      }),
      manyRuns,
    );
  });
});

/** Whether a value has the members of a sample, each of the same kind. */
function likeness(sample: unknown, path: Path = []): Rule {
  const rule = rules[path.join('.')] ?? rules[String(path.at(-1))];
  if (rule !== undefined) return rule;
  if (typeof sample === 'number') return Number.isFinite;
  if (typeof sample !== 'object' || sample === null)
    return (value) => typeof value === typeof sample;
  if (Array.isArray(sample)) {
    const item = likeness(sample[0], [...path, 0]);
    return (value) => Array.isArray(value) && value.every(item);
  }
  const members = Object.entries(sample).map(([name, member]) => {
    const inside = [...path, name];
    return { name, lacking: isOptional(inside), is: likeness(member, inside) };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const found = value as Record<string, unknown>;
    return members.every(({ name, lacking, is }) =>
      found[name] === undefined ? lacking : is(found[name]),
    );
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([name, member]) =>
    pathsIn(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return path.length === 0 ? inside : [path, ...inside];
}

/** A copy in which the member at a path is another value; `undefined`: it is left out. */
function changed<Value>(value: Value, [path, put]: readonly [Path, unknown]): Value {
  const [name, ...rest] = path;
  if (name === undefined) return put as Value;
  if (typeof value !== 'object' || value === null) return value;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  copy[name] = changed(copy[name], [rest, put]);
  return copy as Value;
}

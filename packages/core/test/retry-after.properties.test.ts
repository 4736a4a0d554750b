import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { parseHttpDate, parseRetryAfter } from '../src/transport/retry-after.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const forms = ['IMF-fixdate', 'RFC 850', 'asctime'] as const;

interface Parts {
  readonly day: string;
  readonly dayOfMonth: number;
  readonly month: string;
  readonly year: number;
  readonly time: readonly number[];
}

/** RFC 9110 section 5.6.7, written from the grammar and not with what reads it. */
function spelled({ day, dayOfMonth, month, year, time }: Parts, form: (typeof forms)[number]) {
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = time.map(two).join(':');
  const [short, four] = [day.slice(0, 3), String(year).padStart(4, '0')];
  if (form === 'IMF-fixdate') return `${short}, ${two(dayOfMonth)} ${month} ${four} ${clock} GMT`;
  if (form === 'RFC 850')
    return `${day}, ${two(dayOfMonth)}-${month}-${four.slice(2)} ${clock} GMT`;
  return `${short} ${month} ${String(dayOfMonth).padStart(2)} ${clock} ${four}`;
}

function written(ms: number, form: (typeof forms)[number]): string {
  const date = new Date(ms);
  const parts = {
    day: DAYS[date.getUTCDay()] ?? '',
    dayOfMonth: date.getUTCDate(),
    month: MONTHS[date.getUTCMonth()] ?? '',
    year: date.getUTCFullYear(),
    time: [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()],
  };
  return spelled(parts, form);
}

const form = fc.constantFrom(...forms);
const instant = fc.integer({ min: 0, max: Date.UTC(2049, 11, 31) / 1_000 }).map((s) => s * 1_000);
const alphabet = fc.constantFrom(...'0123456789:-, JanFebMarTusGMTdy');

/** A date with one to three characters that are other ones. */
const spoilt = fc
  .tuple(instant, form, fc.array(fc.tuple(fc.nat(30), alphabet), { minLength: 1, maxLength: 3 }))
  .map(([ms, form, changes]) => {
    const text = [...written(ms, form)];
    for (const [at, character] of changes) if (at < text.length) text[at] = character;
    return text.join('');
  });

/** Numbers at and beyond the edges of what there is. */
const impossible = fc
  .tuple(
    fc.record({
      day: fc.constantFrom(...DAYS),
      dayOfMonth: fc.constantFrom(0, 1, 28, 29, 30, 31, 32),
      month: fc.constantFrom(...MONTHS, 'Foo'),
      year: fc.constantFrom(26, 99, 1970, 2023, 2024, 2026),
      time: fc.tuple(
        fc.constantFrom(0, 23, 24, 25),
        fc.constantFrom(0, 59, 60),
        fc.constantFrom(0, 59, 60, 61),
      ),
    }),
    form,
  )
  .map(([parts, form]) => spelled(parts, form));

/** The name of the day decides nothing, and asctime may write the first as ` 1` or as `01`. */
const essence = (text: string) => text.replace(/^[A-Za-z]+,? /, '').replace(/^(\w{3}) 0/, '$1  ');

describe('an HTTP date', () => {
  test('F32 is read in all three forms, whatever the instant', () => {
    fc.assert(
      fc.property(instant, form, (ms, form) => parseHttpDate(written(ms, form)) === ms),
      manyRuns,
    );
  });

  test('F32 that is read says that instant: nothing is rolled over, mended or left out', () => {
    const text = fc.oneof(
      { weight: 5, arbitrary: spoilt },
      { weight: 3, arbitrary: impossible },
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (text) => {
        const ms = parseHttpDate(text);
        if (ms === undefined) return true;
        return forms.some((form) => essence(written(ms, form)) === essence(text));
      }),
      manyRuns,
    );
  });
});

describe('Retry-After', () => {
  const now = instant;

  test('F32 in seconds is that long', () => {
    const seconds = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 17 });
    fc.assert(
      fc.property(seconds, fc.option(now, { nil: undefined }), (text, serverDate) => {
        const stated = text.length >= 1 && text.length <= 15;
        const expected = stated ? Number(BigInt(text)) * 1_000 : undefined;
        return parseRetryAfter([text], serverDate) === expected;
      }),
      manyRuns,
    );
  });

  test('F32 as a date is the way from the server’s own Date to it', () => {
    fc.assert(
      fc.property(instant, form, fc.option(now, { nil: undefined }), (until, form, serverDate) => {
        const ms = parseRetryAfter([written(until, form)], serverDate);
        if (serverDate === undefined || until <= serverDate) return ms === undefined;
        return ms === until - serverDate;
      }),
      manyRuns,
    );
  });

  test('F32 of whatever kind is a time that can be waited for, or none', () => {
    const value = fc.oneof(
      spoilt,
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789+-.eEx ') }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), now, (values, serverDate) => {
        const ms = parseRetryAfter(values, serverDate);
        if (ms === undefined) return true;
        return values.length === 1 && Number.isFinite(ms) && ms >= 0;
      }),
      manyRuns,
    );
  });
});

import { inspect } from 'node:util';
import { Secret } from '@tokenkeep/core';
import { type Canary, scanForCanaries } from '../../../canary.js';

/** Shorter ones are found in anything. */
export const shortestSecret = 8;

/**
 * The names of those secrets that can be read in a text, in whichever encoding.
 *
 * @param parts also where only a part of one can be read
 */
export function secretsReadIn(
  text: string,
  secrets: Readonly<Record<string, string>>,
  parts = true,
): string[] {
  const searched = Object.entries(secrets).map(
    ([kind, secret]): Canary => ({ kind, secret, random: parts ? secret : '' }),
  );
  return [...new Set(scanForCanaries(text, searched).map(({ kind }) => kind))];
}

/** A value in every way in which it may get into a log, with what hangs on it. */
export function printed(value: unknown): string {
  const parts: string[] = [];
  const met = new Set<unknown>();
  for (let each = value; each !== undefined && !met.has(each); each = causeOf(each)) {
    met.add(each);
    parts.push(String(each), json(each), inspect(each, { depth: 12, showHidden: true }));
    // An error may print itself, and leave out what others read.
    if (each instanceof Error) parts.push(each.message, each.stack ?? '', ...membersOf(each));
    parts.push(...bytesIn(each));
  }
  return parts.join('\n');
}

/** The texts of bytes that hang on a value: they are printed as numbers, and are read all the same. */
function bytesIn(value: unknown, depth = 4): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (value instanceof ArrayBuffer) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([, { value: member }]) =>
    bytesIn(member, depth - 1),
  );
}

function membersOf(error: Error): string[] {
  return Object.getOwnPropertyNames(error).map((name) => {
    const member = (error as unknown as Record<string, unknown>)[name];
    return typeof member === 'string' ? member : inspect(member, { depth: 12 });
  });
}

function causeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'cause' in value ? value.cause : undefined;
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

/** A value with its secrets in the clear, to compare it with itself later. */
export function inTheClear(value: unknown): unknown {
  if (Secret.is(value)) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(inTheClear);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, inTheClear(member)]);
  return Object.fromEntries(members);
}

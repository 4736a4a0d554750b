import { Secret } from '@tokenkeep/core';
import { inTheClear } from '../stage/secret-search.js';
import type { Send } from '../stage/watched-call.js';

/** Parts in which what was sent differs from what two others sent alike: `json.user` of request 1. */
export function differencesIn(
  sends: readonly Send[],
  one: readonly Send[],
  two: readonly Send[],
): string[] {
  const [these, those, others] = [partsOf(sends), partsOf(one), partsOf(two)];
  const names = new Set([...these.keys(), ...those.keys()]);
  // A time, a nonce or a signature is new in each.
  const fixed = [...names].filter((name) => those.get(name) === others.get(name));
  return fixed.filter((name) => these.get(name) !== those.get(name));
}

function partsOf(sends: readonly Send[]): Map<string, string> {
  const parts = new Map<string, string>();
  for (const [at, { request }] of sends.entries()) {
    const { url, method, headers = {}, json, form } = request;
    const text = Secret.of(url).reveal();
    const where = URL.canParse(text) ? new URL(text) : undefined;
    const whole = {
      method,
      path: where?.pathname ?? text,
      query: Object.fromEntries(where?.searchParams ?? []),
      headers,
      json,
      form,
    };
    note(parts, `request ${at + 1}`, inTheClear(whole));
  }
  return parts;
}

function note(parts: Map<string, string>, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined) parts.set(name, String(value));
    return;
  }
  for (const [member, inner] of Object.entries(value)) note(parts, `${name}: ${member}`, inner);
}

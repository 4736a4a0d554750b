import { Secret } from '@tokenkeep/core';
import type { TokenProviderTests } from '../token-provider-tests.js';

/** The secret texts of credentials, by the names of their members: those named, or those marked. */
export function secretsIn(
  { credentials, wrongCredentials, secrets }: TokenProviderTests,
  checked: readonly unknown[],
): Record<string, string> {
  if (secrets === undefined) return Object.fromEntries(checked.flatMap(marked));
  const given = [credentials, wrongCredentials];
  return Object.fromEntries(given.flatMap((each, index) => named(each, secrets, index)));
}

function marked(value: unknown, index: number): [string, string][] {
  return entries(value).flatMap(([name, member]): [string, string][] => {
    if (Secret.is(member)) return [[label(name, index), member.reveal()]];
    return marked(member, index);
  });
}

function named(value: unknown, names: readonly string[], index: number): [string, string][] {
  return entries(value).flatMap(([name, member]): [string, string][] => {
    if (!names.includes(name)) return named(member, names, index);
    const text = Secret.is(member) ? member.reveal() : member;
    return typeof text === 'string' ? [[label(name, index), text]] : [];
  });
}

function entries(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Secret.is(value)) return [];
  return Object.entries(value);
}

const label = (name: string, index: number) =>
  index === 0 ? name : `${name} of the other account`;

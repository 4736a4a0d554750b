import { expect } from '@jest/globals';
import { authRefreshWorld, chatAppWorld } from './world.js';

const FIVE_MINUTES = 300_000;

/** The two ways of keeping a token alive; a refusal by the API costs the same in both. */
export const waysOfRenewal = [
  ['ahead', authRefreshWorld],
  ['on demand', chatAppWorld as unknown as typeof authRefreshWorld],
] as const;

/** How far apart renewals are, in their order, that nothing but refusals ask for. */
export function expectFiveMinutesApart(requests: readonly { readonly at: number }[]): void {
  for (const [index, { at }] of requests.slice(1).entries()) {
    expect(at - (requests[index]?.at ?? 0)).toBeGreaterThanOrEqual(FIVE_MINUTES);
  }
}

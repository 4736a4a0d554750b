import type { RowWrite } from '@tokenkeep/core';

/** A new account row without anything special, but for the facts given. */
export function change(id: string, facts: Partial<RowWrite> = {}): RowWrite {
  return { kind: 'account', id, expected: 0, body: '{}', due: undefined, fence: 0, ...facts };
}

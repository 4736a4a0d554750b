import { createHash } from 'node:crypto';
import type { EpochMs } from '../clock/clock.js';
import type { TokenStore } from './token-store.js';

/** More rivals in a row than this is a bug, not contention: processes queue their own changes. */
export const MOST_RIVALS = 64;

/** The id of a row of what accounts share. What it is named by may be an e-mail address. */
export function sharedRowId(of: string, name: string): string {
  return `${of}/${createHash('sha256').update(name).digest('base64url').slice(0, 27)}`;
}

/** How a state that accounts share is read and changed. */
export interface SharedEdit<State> {
  readonly parse: (body: string | undefined) => State;
  /** The same state: nothing is written. Asked again where a rival was faster, so it only looks. */
  readonly change: (state: State, now: EpochMs) => State;
  /** Count. Default `MOST_RIVALS`. */
  readonly tries?: number;
}

/**
 * Every change of a state that accounts share goes through here: read, decide, compare and set, again
 * if a rival was faster. `undefined`: rivals were faster each time.
 */
export async function editSharedRow<State>(
  store: Pick<TokenStore, 'read' | 'write'>,
  id: string,
  { parse, change, tries = MOST_RIVALS }: SharedEdit<State>,
): Promise<{ readonly before: State; readonly after: State } | undefined> {
  for (let tried = 0; tried < tries; tried += 1) {
    const { row, time } = await store.read('budget', id);
    const before = parse(row?.body);
    const after = change(before, time.ms);
    if (after === before) return { before, after };
    const body = JSON.stringify(after);
    const expected = row?.version ?? 0;
    const { written } = await store.write([
      { kind: 'budget', id, expected, body, due: undefined, fence: 0 },
    ]);
    if (written) return { before, after };
  }
  return undefined;
}

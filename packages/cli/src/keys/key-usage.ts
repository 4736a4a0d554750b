import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  escrowFolderOf,
  type RowKind,
  type StoredRow,
  sealingKeyIds,
  type TokenStore,
} from '@tokenkeep/core';

const PAGE = 500;
/** All kinds there are: any of them may hold something sealed. */
const kinds: Readonly<Record<RowKind, true>> = {
  account: true,
  budget: true,
  configuration: true,
};

/** Key ids, and the ids of the rows that something sealed with them stands in. */
export type KeyUsage = ReadonlyMap<string, readonly string[]>;

/** Which keys an open store needs: for its rows, and for what waits in its escrow. */
export async function keyUsage(store: TokenStore): Promise<KeyUsage> {
  const usage = new Map<string, string[]>();
  const note = (text: string, place: string) => {
    for (const key of sealingKeyIds(text)) usage.set(key, [...(usage.get(key) ?? []), place]);
  };
  for await (const { kind, id, body } of allRows(store)) {
    note(body, kind === 'account' ? id : `${id} (${kind})`);
  }
  for (const text of escrowFiles(escrowFolderOf(store.traits, await store.identity())))
    note(text, 'a pair in escrow');
  return usage;
}

export async function* allRows(store: TokenStore): AsyncGenerator<StoredRow> {
  for (const kind of Object.keys(kinds) as RowKind[]) {
    for (let after: string | undefined; ; ) {
      const rows = await store.list(kind, after, PAGE);
      yield* rows;
      after = rows.at(-1)?.id;
      if (rows.length < PAGE) break;
    }
  }
}

function escrowFiles(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  try {
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  checkSealedRow,
  escrowFolderOf,
  type Keyring,
  keyringSealer,
  readKeyFile,
  sharedKeyring,
  systemRandom,
  TokenError,
  type TokenStore,
} from '@tokenkeep/core';
import type { StorePlace } from '../config/store-place.js';
import { allRows } from '../keys/key-usage.js';
import { sentences } from './check-config.js';
import { bad, type Finding, good, plural, skipped, warning } from './finding.js';

/** The folder, the file, its key, and whether they belong together. Makes nothing. */
export async function checkStore(place: StorePlace): Promise<readonly Finding[]> {
  const { file, shown, keyFile } = place;
  if (file !== undefined && !existsSync(file)) return [...checkNewPlace(file)];
  let store: TokenStore;
  try {
    store = await place.newStore();
    await store.open();
  } catch (error) {
    const after = skipped('key_file', 'The key file: once the store opens.');
    return [refusal('store', error), after];
  }
  try {
    return [
      good('store', `The store ${shown} opens.`),
      ...weaknesses(store),
      ...(await checkKeys(store, keyFile)),
    ];
  } finally {
    await store.close();
  }
}

function checkNewPlace(path: string): readonly Finding[] {
  let folder = dirname(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    const fix = `Choose another "store", or make the folder: mkdir -m 700 ${dirname(path)}`;
    return [bad('store', `The store ${path} cannot be made: ${folder} is not writable.`, fix)];
  }
  return [good('store', `There is no store yet. The first use makes ${path}`)];
}

/** What the server behind it does not promise. */
function weaknesses({ traits }: TokenStore): readonly Finding[] {
  return (traits.weaknesses ?? []).map((sentence) =>
    warning('store', sentence, 'Change that setting of the server, or use another one.'),
  );
}

async function checkKeys(store: TokenStore, keyFile: string): Promise<readonly Finding[]> {
  const escrowFolder = escrowFolderOf(store.traits, await store.identity());
  const rows = [];
  for await (const row of allRows(store)) if (row.kind === 'account') rows.push(row);
  let keys: Keyring | undefined;
  try {
    // Beside a file the first use makes a key. What several machines share has to be brought to each.
    const isShared = rows.length === 0 && store.traits.sharedBy === 'fleet';
    keys = isShared ? sharedKeyring(keyFile) : readKeyFile(keyFile);
  } catch (error) {
    return [refusal('key_file', error)];
  }
  if (keys === undefined) {
    if (rows.length === 0) return [good('key_file', 'There is no key yet: nothing is sealed.')];
    const fix =
      'Put it back from a backup. If it is lost, remove the store: every account logs in again.';
    return [bad('key_file', `The key file ${keyFile} is missing.`, fix)];
  }
  const findings = [good('key_file', `The key file ${keyFile} has ${plural(keys.length, 'key')}.`)];
  try {
    const sealer = keyringSealer(keys, await store.identity(), systemRandom());
    const failures = rows.flatMap((row) => {
      try {
        checkSealedRow(row, sealer);
        return [];
      } catch (error) {
        return [refusal('rows', error)];
      }
    });
    const opened = good('rows', `${plural(rows.length, 'record')} in the store, all readable.`);
    findings.push(...(failures.length === 0 ? [opened] : failures));
  } catch (error) {
    findings.push(refusal('rows', error));
  }
  if (escrowFolder !== undefined && existsSync(escrowFolder)) {
    if (readdirSync(escrowFolder).length > 0) findings.push(waiting);
  }
  return findings;
}

const waiting = warning(
  'escrow',
  'Tokens may be waiting beside the store: a process is at work, or was killed.',
  'Nothing: the next process that opens the store brings them home.',
);

function refusal(check: string, error: unknown): Finding {
  if (!TokenError.is(error)) throw error;
  return bad(check, ...sentences(error));
}

import { existsSync } from 'node:fs';
import {
  changeKeyFile,
  type Keyring,
  keyringFromFile,
  newSealingKey,
  readKeyFile,
  systemRandom,
  TokenError,
} from '@tokenkeep/core';
import { loadConfigToLookAt } from '../config/load-config.js';
import { suggestion } from '../config/nearest-name.js';
import type { StorePlace } from '../config/store-place.js';
import type { Invocation } from '../invocation.js';
import { type KeyUsage, keyUsage } from '../keys/key-usage.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';

const SHOWN_ACCOUNTS = 5;
const ADD_AGAIN = 'A configuration is sealed anew by: tokenkeep accounts add <account> --replace. ';

/** The keys beside the store, and what is sealed with them. Ids only, never a key. */
export async function listKeys(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const { file, store } = await keyPlace(invocation);
  const keys = (readKeyFile(file) ?? []).map(({ id }) => id);
  const usage = await usageOf(store);
  const facts = keys.map((id, index) => ({
    id,
    seals: index === 0,
    accounts: usage.get(id) ?? [],
  }));
  const lost = [...usage].filter(([id]) => !keys.includes(id));
  const missing = lost.map(([id, accounts]) => ({ id, accounts }));
  terminal.show({ file, keys: facts, missing }, () => {
    const { colours: paint } = terminal;
    const lines = facts.map(({ id, seals, accounts }) => {
      const does = seals ? paint.green('seals') : 'opens';
      return `  ${paint.bold(id)}  ${does}  ${paint.dim(accountsInWords(accounts))}`;
    });
    const gone = missing.map(
      ({ id, accounts }) =>
        `  ${paint.bold(id)}  ${paint.red('is missing')}  ${accountsInWords(accounts)}`,
    );
    const none = `No key yet: the first use of the store makes one, in ${file}`;
    if (lines.length + gone.length === 0) return none;
    return [`Keys in ${file}`, ...lines, ...gone].join('\n');
  });
}

/** A new key that opens. It seals once it is promoted, when every process knows it. */
export async function addKey(invocation: Invocation): Promise<void> {
  const { file, store } = await keyPlace(invocation);
  if (store.kind !== 'sqlite' && !existsSync(file)) {
    makeFirstKey(file, invocation);
    return;
  }
  const key = newSealingKey(systemRandom());
  change(file, ([first, ...others]) => [first, ...others, key]);
  report(invocation.terminal, { added: key.id }, `Key ${key.id} is added, and seals nothing yet.`, [
    'Restart every process that uses this store, so that it can open what the key will seal.',
    `Then: tokenkeep keys promote ${key.id}`,
  ]);
}

/** Of a store that many machines use no single one may make the key by itself. */
function makeFirstKey(file: string, { terminal }: Invocation): void {
  const [{ id }] = keyringFromFile(file, systemRandom());
  report(terminal, { added: id, file }, `Key ${id} is made, in ${file}.`, [
    'Bring this file to every machine that uses the store, and keep a copy of it.',
  ]);
}

/** Makes a key the one that seals. The others go on opening. */
export async function promoteKey(id: string, invocation: Invocation): Promise<void> {
  const { file } = await keyPlace(invocation);
  let former = '';
  change(file, (keys) => {
    const key = keyOf(keys, id);
    former = keys[0].id;
    return [key, ...keys.filter((other) => other !== key)];
  });
  if (former === id) {
    report(invocation.terminal, { promoted: id, former }, `Key ${id} seals already.`, []);
    return;
  }
  report(invocation.terminal, { promoted: id, former }, `Key ${id} seals from now on.`, [
    'Restart every process that uses this store.',
    'Each account is sealed anew when it is renewed, at once with: tokenkeep renew <account>',
    `Then: tokenkeep keys retire ${former}`,
  ]);
}

/**
 * Takes a key out of the file that nothing needs any more.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, `key_file`, which names the accounts that need it
 */
export async function retireKey(id: string, invocation: Invocation): Promise<void> {
  const { file, store } = await keyPlace(invocation);
  const keys = readKeyFile(file);
  if (keys !== undefined && keyOf(keys, id) === keys[0]) {
    throw inUse(`Key ${id} is the one that seals. Promote another one first: tokenkeep keys list`);
  }
  const accounts = (await usageOf(store)).get(id) ?? [];
  if (accounts.length > 0) {
    const shared = accounts.some((account) => account.endsWith('(configuration)'));
    throw inUse(
      `Key ${id} is needed to open ${accountsInWords(accounts)}. Renew them first: ` +
        `tokenkeep renew <account>. ${shared ? ADD_AGAIN : ''}Nothing was changed.`,
    );
  }
  change(file, (now) => {
    const key = keyOf(now, id);
    const [first, ...others] = now.filter((other) => other !== key);
    if (first === undefined || key === now[0]) throw inUse(`Key ${id} is the one that seals.`);
    return [first, ...others];
  });
  report(invocation.terminal, { retired: id }, `Key ${id} is gone from ${file}.`, [
    'Backups of the store that are older still need it: keep it with them, or let them go.',
  ]);
}

interface KeyPlace {
  readonly file: string;
  readonly store: StorePlace;
}

/** Credentials that are missing do not matter here, and are no reason for a word. */
async function keyPlace({ configPath, env }: Invocation): Promise<KeyPlace> {
  const { config } = await loadConfigToLookAt({
    env,
    ...(configPath === undefined ? {} : { path: configPath }),
  });
  return { file: config.store.keyFile, store: config.store };
}

async function usageOf({ file, newStore }: StorePlace): Promise<KeyUsage> {
  // Opening a store makes one.
  if (file !== undefined && !existsSync(file)) return new Map();
  const store = await newStore();
  await store.open();
  try {
    return await keyUsage(store);
  } finally {
    await store.close();
  }
}

function change(file: string, make: (keys: Keyring) => Keyring): void {
  if (existsSync(file)) changeKeyFile(file, make);
  else throw inUse(`There is no key file ${file} yet. The first use of the store makes it.`);
}

function keyOf(keys: Keyring, id: string) {
  const key = keys.find((candidate) => candidate.id === id);
  if (key !== undefined) return key;
  const known = keys.map((each) => each.id);
  throw commandLineError(`There is no key ${plainText(id, 40)}. ${suggestion(id, known)}`);
}

function accountsInWords(ids: readonly string[]): string {
  if (ids.length === 0) return 'nothing';
  const shown = ids.slice(0, SHOWN_ACCOUNTS).map((id) => plainText(id));
  const more = ids.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function inUse(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason: 'key_file' });
}

function report(
  terminal: Terminal,
  facts: Readonly<Record<string, string>>,
  done: string,
  next: readonly string[],
): void {
  const { colours: paint } = terminal;
  terminal.show(facts, () =>
    [`${paint.green('✔')} ${done}`, ...next.map((line) => `  ${line}`)].join('\n'),
  );
}

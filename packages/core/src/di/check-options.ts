import { TokenError } from '../errors/token-error.js';
import type { EngineOptions } from './engine-options.js';

const kinds: Readonly<Record<keyof EngineOptions, 'list' | 'object' | 'boolean' | 'function'>> = {
  store: 'object',
  providers: 'list',
  accounts: 'list',
  logger: 'object',
  keyring: 'list',
  allowInsecureLoopback: 'boolean',
  parameters: 'object',
  pace: 'object',
  clock: 'object',
  random: 'object',
  exchange: 'object',
  sealer: 'object',
  escrow: 'object',
  holder: 'object',
  crashProbe: 'function',
};

/**
 * What the compiler would have said, for hosts in plain JavaScript.
 *
 * @throws TokenError `CONFIGURATION_INVALID`, naming the option and what it must be
 */
export function checkOptions(options: EngineOptions): void {
  if (kindOf(options) !== 'object') {
    throw invalid('createTokenEngine() wants { store, providers, accounts }.');
  }
  for (const [name, value] of Object.entries(options)) {
    const wanted = kinds[name as keyof EngineOptions];
    if (wanted === undefined) {
      throw invalid(`There is no option "${name}". Known: ${Object.keys(kinds).join(', ')}.`);
    }
    if (value !== undefined && kindOf(value) !== wanted) {
      throw invalid(`The option "${name}" is a ${kindOf(value)} and must be a ${wanted}.`);
    }
  }
  if (options.accounts === undefined) {
    throw invalid('The option "accounts" is missing; an empty list will do.');
  }
  if (options.store !== undefined && typeof options.store.write !== 'function') {
    throw invalid('The option "store" is not a store. Make one with e.g. sqliteStore({ path }).');
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}

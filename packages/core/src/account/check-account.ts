import { TokenError } from '../errors/token-error.js';
import type { AccountConfig } from './account-config.js';

const members: Readonly<Record<keyof AccountConfig, string | undefined>> = {
  name: 'string',
  provider: 'string',
  account: 'string',
  tenant: 'string',
  resource: 'string',
  scope: 'string',
  credentials: undefined,
  keepAlive: 'boolean',
  eager: 'boolean',
  rotateEveryMs: 'number',
};

/** @throws TokenError `CONFIGURATION_INVALID`, naming the member that is wrong */
export function checkAccount(config: AccountConfig): void {
  if (typeof config !== 'object' || config === null) {
    throw invalid(`An account is ${kindOf(config)}; give { provider, account, credentials }.`);
  }
  const who = typeof config.account === 'string' ? `Account "${config.account}"` : 'An account';
  for (const name of ['provider', 'account'] as const) {
    const value: unknown = config[name];
    if (typeof value === 'string' && value !== '') continue;
    throw invalid(`${who} has no "${name}" name: it is ${kindOf(value)}.`);
  }
  for (const [name, value] of Object.entries(config)) {
    if (!(name in members)) {
      const known = Object.keys(members).join(', ');
      throw invalid(`${who} has a member "${name}", which means nothing. Known: ${known}.`);
    }
    const wanted = members[name as keyof AccountConfig];
    if (value === undefined || wanted === undefined || typeof value === wanted) continue;
    throw invalid(`${who}: "${name}" is ${kindOf(value)} and must be a ${wanted}.`);
  }
  const { rotateEveryMs, credentials } = config;
  if (rotateEveryMs !== undefined && !(Number.isFinite(rotateEveryMs) && rotateEveryMs > 0)) {
    throw invalid(`${who}: "rotateEveryMs" is ${rotateEveryMs} and must be above 0.`);
  }
  if (credentials instanceof Promise) {
    throw invalid(`${who}: "credentials" is a Promise. Give the value, or the function itself.`);
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === '') return 'empty';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}

function invalid(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message);
}

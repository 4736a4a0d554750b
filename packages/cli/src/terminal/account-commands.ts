import type { AccountSummary } from '@tokenkeep/core';
import { shellWord } from './shell-word.js';

type Account = Pick<AccountSummary, 'id' | 'name' | 'provider'>;

/** What to type to give an account of the store other credentials. */
export function replaceCredentials({ id, name, provider }: Account): string {
  const [account, of] = [shellWord(name), shellWord(provider)];
  // It was added with --account, --tenant or their like: without them it would be another one.
  const others = id === `${provider}/${name}` ? '' : ' (and the options it was added with)';
  return `tokenkeep accounts add ${account} --provider ${of} --replace${others}`;
}

export function importTokens({ name }: Pick<AccountSummary, 'name'>): string {
  return `tokenkeep accounts import ${shellWord(name)} --stdin`;
}

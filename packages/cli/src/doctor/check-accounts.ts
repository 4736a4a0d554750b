import { TokenError } from '@tokenkeep/core';
import { originOf } from '../accounts/account-origin.js';
import { engineFromConfig } from '../config/engine-from-config.js';
import type { LoadedConfig } from '../config/loaded-config.js';
import { type AccountInWords, accountInWords } from '../status/account-state.js';
import { sentences } from './check-config.js';
import { bad, type Finding, good, plural, warning } from './finding.js';

/** Which accounts need a person, or soon may. Asks the store only. */
export async function checkAccounts(
  config: LoadedConfig,
  now: () => number,
): Promise<readonly Finding[]> {
  try {
    await using engine = await engineFromConfig(config);
    const accounts = engine.accounts.list();
    const states = await Promise.all(accounts.map(({ id }) => engine.status(id)));
    const findings = states.flatMap((status) => {
      const found = { ...status, origin: originOf(status, config) };
      return accountFinding(accountInWords(found, now()), status.reason);
    });
    if (findings.length > 0) return findings;
    const count = plural(accounts.length, 'account');
    return [good('accounts', `Nobody has to act for ${count} that the config and the store name.`)];
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return [bad('accounts', ...sentences(error))];
  }
}

function accountFinding({ name, state, next }: AccountInWords, reason?: string): Finding[] {
  const fix = next.charAt(0).toUpperCase() + next.slice(1);
  if (state === 'needs a person') {
    const why = reason === undefined ? '' : ` (${reason})`;
    return [bad('accounts', `Account ${name} needs a person${why}.`, fix)];
  }
  if (state === 'revoked') {
    const again = `To begin anew: tokenkeep login ${name}`;
    return [warning('accounts', `Account ${name} was revoked.`, again)];
  }
  if (state === 'failing') {
    return [warning('accounts', `Account ${name} gets no token: its last request failed.`, fix)];
  }
  if (state !== 'in doubt') return [];
  const text = `Account ${name} is in doubt: the reply to a refresh is missing.`;
  return [warning('accounts', text, 'Nothing: it is settled when somebody needs a token.')];
}

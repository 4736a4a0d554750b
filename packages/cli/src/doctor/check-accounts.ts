import { TokenError } from '@tokenkeep/core';
import { engineFromConfig } from '../config/engine-from-config.js';
import type { LoadedConfig } from '../config/loaded-config.js';
import { plainText } from '../terminal/plain-text.js';
import { sentences } from './check-config.js';
import { bad, type Finding, good, warning } from './finding.js';

/** Which accounts need a person. Asks the store only. */
export async function checkAccounts(config: LoadedConfig): Promise<readonly Finding[]> {
  try {
    await using engine = await engineFromConfig(config);
    const accounts = engine.accounts.list();
    const states = await Promise.all(accounts.map(({ id }) => engine.status(id)));
    const findings = states.flatMap(({ name, state, reason }) =>
      accountFinding(plainText(name), state, plainText(reason ?? '')),
    );
    if (findings.length > 0) return findings;
    return [good('accounts', `No account needs a person, of ${accounts.length}.`)];
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return [bad('accounts', ...sentences(error.message))];
  }
}

function accountFinding(name: string, state: string, reason: string): Finding[] {
  const login = `tokenkeep login ${name}`;
  if (state === 'reauthorization_required') {
    const why = reason === '' ? '' : ` (${reason})`;
    const fix = `Correct its credentials, then: ${login}`;
    return [bad('accounts', `Account ${name} needs a person${why}.`, fix)];
  }
  if (state === 'revoked') {
    return [warning('accounts', `Account ${name} was revoked.`, `To begin anew: ${login}`)];
  }
  if (state !== 'in_doubt') return [];
  const text = `Account ${name} is in doubt: the reply to a refresh is missing.`;
  return [warning('accounts', text, 'Nothing: it is settled when somebody needs a token.')];
}

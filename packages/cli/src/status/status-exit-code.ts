import { exitCodeOf } from '../terminal/exit-code-of-error.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import type { Found } from './account-state.js';

/** What `status` ends with: a record that does not open first, then a person who is needed. */
export function exitCodeOfStatus(found: readonly Found[]): ExitCode {
  const broken = found.find((each) => 'error' in each);
  if (broken !== undefined) return exitCodeOf(broken.error);
  return found.some(needsPerson) ? exitCodes.personMustAct : exitCodes.ok;
}

function needsPerson(found: Found): boolean {
  if ('error' in found) return false;
  if (found.grantedScope !== undefined) return true;
  return found.state === 'reauthorization_required' || found.state === 'revoked';
}

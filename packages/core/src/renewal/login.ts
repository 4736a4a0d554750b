import { TokenError } from '../errors/token-error.js';
import { judge } from '../guard/guard.js';
import type { KnownAccount } from '../provider/account-registry.js';
import { newRecord } from '../store/account-record.js';
import { type FoundRecord, loadRecord } from '../store/edit-record.js';
import { nextIncarnation } from '../store/incarnation.js';
import { Attempt } from './attempt.js';
import type { Committer } from './commit.js';
import { canLogIn } from './credentials-source.js';
import { guardRefused, noCredentials } from './no-token.js';
import { Preemption } from './preemption.js';
import type { RenewalServices } from './renewal-services.js';

/**
 * A login somebody asked for. It preempts: a refresh in flight is neither waited for nor able to
 * undo it. Backoff does not hold it up, caps and budgets do.
 *
 * @returns the committed record
 */
export async function logIn(
  services: RenewalServices,
  committer: Committer,
  account: KnownAccount,
): Promise<FoundRecord> {
  const { id, config, provider } = account;
  if (config.credentials === undefined) throw noCredentials(account);
  const credentials = await services.credentials.resolve(account);
  if (!canLogIn(account, credentials)) throw noCredentials(account);
  const found = await loadRecord(services.store, id);
  const record = found.record ?? newRecord(nextIncarnation(undefined, services.random));
  const request = {
    generation: record.generation,
    forced: false,
    session: false,
    defaultLifetimeMs: provider.profile.lifetime.defaultMs,
  };
  const guard = { ...record.guard, freeStep: true };
  const verdict = judge(guard, { ...request, now: found.time.ms }, services.parameters);
  if (!verdict.allowed) {
    const retryAt = services.clock.now() + verdict.retryAt - found.time.ms;
    const { failures } = record.guard;
    throw guardRefused(account, 'login', { reason: verdict.reason, failures, retryAt });
  }
  const end = await new Attempt(services, committer, {
    account,
    claim: new Preemption(services.store, id, found, record),
    operation: 'obtain',
    resend: false,
    trigger: 'login',
    credentials,
    request,
  }).run();
  if (end.kind === 'committed') return end.found;
  if (end.kind === 'failed') throw end.error;
  throw new TokenError(
    'ABORTED',
    `Another login, or a revocation, of ${id} was faster. Its outcome stands.`,
    { retryable: true, reason: 'preempted', account: id },
  );
}

import type { EpochMs } from '../clock/clock.js';
import { randomId } from '../clock/random.js';
import type { AccountRecord, RetiringTokens } from '../store/account-record.js';
import { placeOf } from '../store/sealed-tokens.js';
import type { Secret } from '../token/secret.js';
import type { RenewalServices } from './renewal-services.js';

/** The tokens of a record that is about to lose them, kept until the server has ended them. */
export function retiringTokens(
  { tokens, random }: Pick<RenewalServices, 'tokens' | 'random'>,
  account: string,
  record: AccountRecord,
  secrets: { readonly access?: Secret; readonly refresh?: Secret },
  after: EpochMs,
): RetiringTokens {
  const { incarnation, generation, upstream, access } = record;
  return {
    id: randomId(random, 8),
    sealed: tokens.sealRetiring(placeOf(account, record), secrets),
    incarnation,
    generation,
    after,
    attempts: 0,
    ...(access?.sharesUpstream && upstream !== undefined ? { upstream } : {}),
  };
}

import type { Review } from '../guard/provider-incident.js';
import type { AccountRecord } from '../store/account-record.js';

/** The record without what turned out to be the provider's incident, or with its verdicts for good. */
export function reviewed(
  record: AccountRecord,
  review: Exclude<Review, { readonly kind: 'open' }>,
): AccountRecord {
  const { refused, ...guard } = record.guard;
  const voided = refused?.believed.filter(
    (operation) => review.kind === 'void' && (operation === 'obtain' || review.cause === 'refresh'),
  );
  if (refused === undefined || voided === undefined || voided.length === 0) {
    return { ...record, guard };
  }
  const { freeStep: _step, rejectedCredentials, ...rest } = guard;
  const latch =
    rejectedCredentials === undefined || voided.includes('obtain') ? {} : { rejectedCredentials };
  const { reason: _reason, refresh, ...kept } = record;
  return {
    ...kept,
    ...(refresh === undefined
      ? {}
      : { refresh: voided.includes('refresh') ? alive(refresh) : refresh }),
    state: record.state === 'reauthorization_required' ? 'live' : record.state,
    // Refused it was: it waits for its turn like the others.
    guard: { ...rest, ...latch, refused: { at: refused.at, believed: [] } },
  };
}

function alive({ dead: _dead, ...refresh }: NonNullable<AccountRecord['refresh']>) {
  return refresh;
}

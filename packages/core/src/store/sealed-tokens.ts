import type { Sealer } from '../sealing/sealer.js';
import { Secret } from '../token/secret.js';
import type { AccountRecord, RetiringTokens } from './account-record.js';

/** An access token with the facts that came with it, as they are sealed together. */
export interface SealedAccess {
  readonly token: Secret;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The secrets of account records: sealed for one account, incarnation and generation each. */
export class SealedTokens {
  constructor(private readonly sealer: Sealer) {}

  sealAccess(place: RecordPlace, { token, metadata }: SealedAccess): string {
    const text = JSON.stringify({ token: token.reveal(), metadata });
    return this.sealer.seal(text, { ...place, field: 'access token' });
  }

  openAccess(account: string, record: AccountRecord): SealedAccess | undefined {
    if (record.access === undefined) return undefined;
    const place = { ...placeOf(account, record), field: 'access token' };
    const { token, metadata } = JSON.parse(this.sealer.open(record.access.sealed, place));
    return { token: new Secret(token), metadata };
  }

  sealRefresh(place: RecordPlace, token: Secret): string {
    return this.sealer.seal(token.reveal(), { ...place, field: 'refresh token' });
  }

  openRefresh(account: string, record: AccountRecord): Secret | undefined {
    if (record.refresh === undefined) return undefined;
    const place = { ...placeOf(account, record), field: 'refresh token' };
    return new Secret(this.sealer.open(record.refresh.sealed, place));
  }

  sealRetiring(place: RecordPlace, tokens: { access?: Secret; refresh?: Secret }): string {
    const { access, refresh } = tokens;
    const text = JSON.stringify({ access: access?.reveal(), refresh: refresh?.reveal() });
    return this.sealer.seal(text, { ...place, field: 'retiring tokens' });
  }

  openRetiring(account: string, retiring: RetiringTokens): { access?: Secret; refresh?: Secret } {
    const { incarnation, generation, sealed } = retiring;
    const place = { account, incarnation, generation, field: 'retiring tokens' };
    const { access, refresh } = JSON.parse(this.sealer.open(sealed, place));
    return {
      ...(access === undefined ? {} : { access: new Secret(access) }),
      ...(refresh === undefined ? {} : { refresh: new Secret(refresh) }),
    };
  }
}

export interface RecordPlace {
  readonly account: string;
  readonly incarnation: string;
  readonly generation: number;
}

export function placeOf(account: string, record: AccountRecord): RecordPlace {
  return { account, incarnation: record.incarnation, generation: record.generation };
}

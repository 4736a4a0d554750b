import { expect, test } from '@jest/globals'; // in Vitest: from 'vitest'
import type { TokenEngine } from '@tokenkeep/core';
import { authorizedFetch } from '@tokenkeep/http';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority, jsonReply } from '@tokenkeep/testing';
import { simulate } from '@tokenkeep/testing/simulation';

/** A function of your service. In production it is given nothing for `fetch`. */
async function openInvoices(engine: TokenEngine, fetch = globalThis.fetch): Promise<string[]> {
  const billing = authorizedFetch(engine, 'main', { baseUrl: 'https://billing.test/v2/', fetch });
  const reply = await billing('invoices?state=open');
  if (!reply.ok) throw new Error(`invoices: ${reply.status}`);
  const { invoices } = (await reply.json()) as { invoices: string[] };
  return invoices;
}

const person = { username: 'ada', password: 'correct horse battery' };

/** The vendor's login, and as much of its API as this test needs. */
class Billing extends AuthRefreshAuthority {
  protected override process(...[request, operation]: Parameters<AuthRefreshAuthority['process']>) {
    const processed = super.process(request, operation);
    if (processed.facts.outcome !== 'served') return processed;
    return { ...processed, reply: jsonReply(200, { invoices: ['A-1', 'A-2'] }) };
  }
}

test('somebody ends all sessions at the vendor, and the next call of ours still succeeds', async () => {
  await simulate({ seed: 1 }, async (world) => {
    const accounts = [{ accountId: 'main', ...person }];
    const billing = world.serve('https://billing.test', (time) => new Billing({ time, accounts }));
    const service = await world.start('service', {
      providers: [authRefresh({ id: 'billing', baseUrl: billing.origin })],
      accounts: [{ provider: 'billing', account: 'main', credentials: person }],
    });
    await service.getToken('main');

    await world.pass({ minutes: 5 });
    billing.truth.revokeFamily('main');
    const invoices = await openInvoices(service.engine, service.fetch);

    expect(invoices).toEqual(['A-1', 'A-2']);
    const asked = billing.log.entries.slice(-4);
    expect(asked.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'api token_rejected',
      'refresh refused',
      'obtain issued',
      'api served',
    ]);
  });
});

import { expect, test } from '@jest/globals';
import { type Fault, fault } from '@tokenkeep/testing';
import { bodyOf, oauthManners, withRedirect } from './vendors/oauth-manners.js';
import { declarationOf, vendorScene } from './vendors/vendor-scene.js';

const HOUR_MS = 3_600_000;

/** Those with RFC 6749's replies, whose people have to log in again when a refresh token is lost. */
const vendors = [
  'atlassian',
  'bitrix24',
  'cybersource',
  'kommo',
  'quickbooks',
  'salesforce',
  'shopify',
  'snowflake',
  'xero',
];

/** Of these a used token may be sent once more, or stays. */
const forgiving = vendors.filter((vendor) => !['kommo', 'salesforce'].includes(vendor));

/** What becomes of an imported pair whose first refresh ends so. */
async function afterOne(vendor: string, end: Fault) {
  const manners = oauthManners('', {
    route: ({ path, query, ...request }) => {
      if (path === '/api') return 'api';
      const { grant_type = query.get('grant_type') } = bodyOf({ path, query, ...request });
      return grant_type === 'refresh_token' ? 'refresh' : 'obtain';
    },
    refreshToken: (request) =>
      bodyOf(request).refresh_token ?? request.query.get('refresh_token') ?? undefined,
  });
  const { credentials: known = {} } = declarationOf(vendor);
  const all = Object.entries(withRedirect).filter(([name]) => name in known && name !== 'code');
  const credentials = Object.fromEntries(all);
  await using scene = await vendorScene(vendor, manners, { credentials, tenant: 'acme' });
  const doubts: string[] = [];
  scene.engine.on('renewal:in_doubt', ({ account }) => void doubts.push(account));
  const { refresh } = scene.server.truth.tokens.login('main', true);
  const tokens = { refreshToken: refresh?.token };
  await scene.clock.runUntil(scene.engine.accounts.import('main', tokens));
  scene.server.faults.next('refresh', end);
  await scene.token().catch(() => {});
  await scene.clock.advance(HOUR_MS / 2);
  await scene.token();
  return { doubts: doubts.length, events: scene.events };
}

test.each(vendors)('%s: one 429 logs nobody out, and puts no token in doubt', async (vendor) => {
  const after = await afterOne(vendor, fault.retryAfter(429, 1));
  expect(after).toEqual({ doubts: 0, events: ['token:renewed'] });
});

test.each(forgiving)('%s: nor does one 503, as the token may be sent again', async (vendor) => {
  expect(await afterOne(vendor, fault.status(503))).toMatchObject({ events: ['token:renewed'] });
});

import { expect, test } from '@jest/globals';
import { escrowFolderOf, type StoreTraits } from '../src/index.js';

const server: StoreTraits = {
  name: 'postgres',
  location: 'db:5432/tokens',
  durable: true,
  sharedBy: 'fleet',
  steadyClock: false,
  escrowFolder: '/var/lib/app/escrow',
};

test('two stores that share an escrow folder have places of their own in it', () => {
  const [prod, staging] = ['prod', 'staging'].map((identity) => escrowFolderOf(server, identity));
  expect(prod).toMatch(/^\/var\/lib\/app\/escrow\/[0-9a-f]{16}$/);
  expect(staging).toMatch(/^\/var\/lib\/app\/escrow\/[0-9a-f]{16}$/);
  expect(staging).not.toBe(prod);
  expect(escrowFolderOf(server, 'prod')).toBe(prod);
});

test('a file has its escrow beside it, and a store without a folder has none', () => {
  expect(escrowFolderOf({ ...server, sharedBy: 'host' }, 'any')).toBe('/var/lib/app/escrow');
  const { escrowFolder: _folder, ...without } = server;
  expect(escrowFolderOf(without, 'any')).toBeUndefined();
});

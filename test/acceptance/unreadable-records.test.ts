import { describe, expect, test } from '@jest/globals';
import { type Escrow, noEscrow, type StoredRow, TokenError } from '@tokenkeep/core';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, testKey, World } from './world.js';

const HOUR = 3_600_000;
const ID = 'crm-api/crm';
const people = ['crm', 'other'].map((accountId) => ({
  accountId,
  username: accountId,
  password: `pw of ${accountId}`,
}));

/** Two accounts, both with tokens, and a way to write over a row behind everybody's back. */
async function twoAccounts(world: World) {
  const { server, providers } = await authRefreshWorld(world, { authority: { accounts: people } });
  const accounts = people.map(({ accountId, username, password }) => ({
    provider: 'crm-api',
    account: accountId,
    credentials: { username, password },
  }));
  const engine = await world.engine({ providers, accounts });
  const token = await world.run(engine.getToken('crm'));
  await world.run(engine.getToken('other'));
  const { row } = await world.store.read('account', ID);
  if (row === undefined) throw new Error('There is no row.');
  /** A process that has seen nothing yet. */
  const fresh = (keyring = [testKey]) =>
    world.engine({ providers, accounts, keyring: keyring as [typeof testKey] });
  return { server, engine, token, row, fresh };
}

async function overwrite(world: World, row: StoredRow, body: string): Promise<void> {
  const current = (await world.store.read('account', ID)).row;
  const { written } = await world.store.write([
    {
      kind: 'account',
      id: ID,
      expected: current?.version ?? 0,
      body,
      due: row.due,
      fence: current?.fence ?? 0,
    },
  ]);
  expect(written).toBe(true);
}

const otherKey = {
  id: 'other',
  bytes: Uint8Array.from({ length: 32 }, (_, index) => (index * 91 + 17) % 256),
};

describe('F64 a row that does not open', () => {
  test.each([
    ['an unknown key', [otherKey], 'KEY_UNKNOWN'],
    ['another key of the same id', [{ ...otherKey, id: testKey.id }], 'RECORD_UNREADABLE'],
  ])('F64 with %s stops the account with an error that names it', async (_, keyring, code) => {
    await using world = new World();
    const { server, fresh } = await twoAccounts(world);
    const sent = server.log.length;
    const engine = await fresh(keyring);
    engine.start();
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code, account: ID, retryable: false });
    if (code === 'KEY_UNKNOWN') expect(error.message).toContain('key "test"');
    await world.clock.advance(2 * HOUR);
    await failureOf(world.run(engine.getToken('crm')));
    expect(server.log.length).toBe(sent);
  });

  test('F64 the right key brings everything back', async () => {
    await using world = new World();
    const { server, token, fresh } = await twoAccounts(world);
    await failureOf(world.run((await fresh([otherKey])).getToken('crm')));
    const both = await fresh([otherKey, testKey]);
    expect((await world.run(both.getToken('crm'))).reveal()).toBe(token.reveal());
    await world.clock.advance(2 * HOUR);
    await world.run(both.getToken('crm'));
    expect(server.log.count({ operation: 'refresh', accountId: 'crm' })).toBe(1);
    // What was renewed was sealed with the first key: the old one is needed no more.
    const { row } = await world.store.read('account', ID);
    expect(row?.body).toContain('tk1.other.');
    expect(row?.body).not.toContain('tk1.test.');
  });

  test.each(['access', 'refresh'] as const)(
    'F64 every flipped character of a sealed %s token is refused, and nothing is sent',
    async (member) => {
      await using world = new World();
      const { server, row, fresh } = await twoAccounts(world);
      const record = JSON.parse(row.body);
      const { sealed } = record[member];
      await world.clock.advance(2 * HOUR);
      const sent = server.log.length;
      const engine = await fresh();
      for (let at = 0; at < sealed.length; at += 1) {
        const flipped = `${sealed.slice(0, at)}${otherThan(sealed[at])}${sealed.slice(at + 1)}`;
        const body = JSON.stringify({
          ...record,
          [member]: { ...record[member], sealed: flipped },
        });
        await overwrite(world, row, body);
        await world.clock.advance(1_100);
        const error = await failureOf(world.run(engine.getToken('crm')));
        expect(['RECORD_UNREADABLE', 'KEY_UNKNOWN']).toContain(error.code);
      }
      expect(server.log.length).toBe(sent);
      await world.run(engine.getToken('other'));
      expect(server.log.where({ accountId: 'crm' })).toHaveLength(1);
    },
  );

  test('F64 no flipped byte of the row makes anybody use a token that is not the account’s', async () => {
    await using world = new World();
    const { server, row, fresh } = await twoAccounts(world);
    for (let at = 0; at < row.body.length; at += 1) {
      const changed = String.fromCharCode(row.body.charCodeAt(at) ^ 1);
      await overwrite(world, row, `${row.body.slice(0, at)}${changed}${row.body.slice(at + 1)}`);
      const engine = await fresh();
      const outcome = await world.run(
        engine.getToken('crm').then(
          ({ reveal }) => server.truth.tokens.set(reveal())?.family.accountId === 'crm',
          (error) => TokenError.is(error),
        ),
      );
      expect({ at, outcome }).toEqual({ at, outcome: true });
    }
    // Where a flipped name made a token go missing, what was sent was the account's own.
    for (const { operation, presentedGeneration, accountId } of server.log) {
      if (operation === 'refresh') expect(presentedGeneration).toBeGreaterThan(0);
      expect(['crm', 'other']).toContain(accountId);
    }
  });

  test.each([0, 1, 10, 100, 300])('F64 a row cut after %d bytes is refused', async (length) => {
    await using world = new World();
    const { server, row, fresh } = await twoAccounts(world);
    await overwrite(world, row, row.body.slice(0, length));
    const sent = server.log.length;
    const engine = await fresh();
    engine.start();
    const error = await failureOf(world.run(engine.getToken('crm')));
    expect(error).toMatchObject({ code: 'RECORD_UNREADABLE', account: ID });
    await world.clock.advance(60_000);
    expect(server.log.length).toBe(sent);
    expect((await world.run(engine.getToken('other'))).account).toBe('crm-api/other');
    expect((await failureOf(world.run(engine.status('crm')))).code).toBe('RECORD_UNREADABLE');
  });

  test('F64 other accounts are renewed in the background while one does not open', async () => {
    await using world = new World();
    const { server, row, fresh } = await twoAccounts(world);
    await overwrite(world, row, '{"format":1}');
    const engine = await fresh();
    engine.start();
    await world.clock.advance(5 * HOUR);
    expect(server.log.count({ operation: 'refresh', accountId: 'other' })).toBeGreaterThanOrEqual(
      4,
    );
    expect(server.log.count({ operation: 'refresh', accountId: 'crm' })).toBe(0);
  });

  test('F64 a rotated pair in escrow waits, and the engine opens, while its row does not', async () => {
    await using world = new World();
    const { row, engine } = await twoAccounts(world);
    const removed: string[] = [];
    const record = JSON.parse(row.body);
    const { incarnation, access, refresh, guard } = record;
    const fresh = { incarnation, access, refresh, guard };
    const entry = {
      attemptId: 'a1',
      account: ID,
      incarnation: record.incarnation,
      generation: record.generation,
      record: JSON.stringify({ ...fresh, generation: record.generation + 1, committedBy: 'a1' }),
    };
    const escrow: Escrow = {
      ...noEscrow,
      entries: async () => [entry, { ...entry, attemptId: 'a2', record: 'torn' }],
      remove: async (attemptId) => void removed.push(attemptId),
    };
    await overwrite(world, row, row.body.slice(0, 99));
    const { providers, accounts } = await authRefreshWorld(world, {
      account: { account: 'crm', credentials: people[0] },
    });
    const stopped = await world.engine({ providers, accounts, escrow });
    expect(await failureOf(world.run(stopped.getToken('crm')))).toMatchObject({
      code: 'RECORD_UNREADABLE',
    });
    expect(removed).toEqual([]);
    // The row comes back from a backup: so does the pair.
    await overwrite(world, row, row.body);
    await world.engine({ providers, accounts, escrow });
    expect(removed).toEqual(['a1']);
    expect((await world.run(engine.status('crm'))).generation).toBe(record.generation + 1);
  });

  test.each(['access', 'refresh'] as const)(
    'F64 a login brings back an account whose %s token no longer opens',
    async (member) => {
      await using world = new World();
      const { server, row, fresh } = await twoAccounts(world);
      const record = JSON.parse(row.body);
      const broken = { ...record[member], sealed: `${record[member].sealed.slice(0, -4)}AAAA` };
      await overwrite(world, row, JSON.stringify({ ...record, [member]: broken }));
      await world.clock.advance(2 * HOUR);
      const engine = await fresh();
      await failureOf(world.run(engine.getToken('crm')));
      const token = await world.run(engine.login('crm'));
      expect(server.truth.accepts(token.reveal())).toBe(true);
      await world.clock.advance(2 * HOUR);
      await world.run(engine.getToken('crm'));
      expect(server.log.count({ operation: 'obtain', accountId: 'crm' })).toBe(2);
    },
  );

  function otherThan(character: string): string {
    return character === 'A' ? 'B' : 'A';
  }
});

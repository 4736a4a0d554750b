import { expect, test } from '@jest/globals';
import { ElapsedTime } from '../src/clock/elapsed-time.js';
import { EventHub } from '../src/events/event-hub.js';
import { defaultParameters, memoryStore } from '../src/index.js';
import { Claim, ClaimLost } from '../src/renewal/claim.js';
import { newRecord } from '../src/store/account-record.js';
import { editRecord, loadRecord } from '../src/store/edit-record.js';
import { WatchedStore } from '../src/store/watched-store.js';

const id = 'crm-api/crm';
const due = () => undefined;

async function claimed() {
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    boot: () => 0,
    sleep: async () => {},
    onResume: () => ({ [Symbol.dispose]: () => {} }),
  };
  const elapsed = new ElapsedTime(clock);
  const store = new WatchedStore(memoryStore(clock), elapsed, new EventHub(clock));
  const holder = { id: 'this process', isGone: () => false };
  const services = { store, clock, elapsed, holder, parameters: defaultParameters };
  const found = await loadRecord(store, id);
  const claim = await Claim.take(services, id, found, newRecord('1.a'));
  if (claim === undefined) throw new Error('nobody else is there');
  return { store, claim };
}

test('a holder writes on while nobody else has a claim', async () => {
  const { claim } = await claimed();
  await claim.write({ change: (record) => ({ ...record, reason: 'first' }), due });
  const { record } = await claim.write({ change: (record) => record, due });
  expect(record?.reason).toBe('first');
});

test('what was prepared is in the next write, and in what the holder reads before it', async () => {
  const { store, claim } = await claimed();
  const { version = 0 } = claim.found.row ?? {};
  claim.prepare((record) => ({ ...record, reason: 'prepared' }));
  expect(claim.record.reason).toBe('prepared');
  expect((await loadRecord(store, id)).record?.reason).toBeUndefined();
  await claim.write({ change: (record) => ({ ...record, generation: record.generation }), due });
  const { row, record } = await loadRecord(store, id);
  expect([record?.reason, row?.version]).toEqual(['prepared', version + 1]);
  await claim.write({ change: ({ reason: _gone, ...record }) => record, due });
  expect((await loadRecord(store, id)).record?.reason).toBeUndefined();
});

test('what was prepared is made anew of what a rival wrote meanwhile', async () => {
  const { store, claim } = await claimed();
  claim.prepare((record) => ({ ...record, reason: 'prepared' }));
  await editRecord(store, id, ({ record, row }) => {
    if (record === undefined) return;
    return { record: { ...record, rotateAt: 7 }, due: row?.due };
  });
  await claim.write({ change: (record) => record, due });
  expect((await loadRecord(store, id)).record).toMatchObject({ reason: 'prepared', rotateAt: 7 });
});

test('I1 a claim is lost once a former holder has committed, which takes no claim to do', async () => {
  const { store, claim } = await claimed();
  await editRecord(store, id, ({ record, row }) => {
    if (record === undefined) return;
    return { record: { ...record, generation: 1 }, due: row?.due, lease: 'release' };
  });
  const intent = claim.write({ change: (record) => ({ ...record, reason: 'sent' }), due });
  await expect(intent).rejects.toBeInstanceOf(ClaimLost);
  expect((await loadRecord(store, id)).record?.reason).toBeUndefined();
});

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

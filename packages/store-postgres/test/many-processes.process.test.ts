import { expect, test } from '@jest/globals';
import { onPostgres, storeOf } from '@tokenkeep/servers';
import { change } from '@tokenkeep/testing/conformance';
import { together } from '../../../test/processes/store-process.js';
import { describeWithPostgres } from './private-server.js';

describeWithPostgres('many processes on PostgreSQL', (server) => {
  test('a row that is due and free is found by every claim, also while others write it', async () => {
    const place = onPostgres(server()).newPlace(server().newFolder());
    const store = storeOf(place);
    await store.open();
    try {
      const { ms } = await store.now();
      await store.write([change('hot', { due: ms })]);
      let isOver = false;
      const writing = (async () => {
        while (!isOver) {
          const { row } = await store.read('account', 'hot');
          const facts = { expected: row?.version ?? 0, due: ms, fence: row?.fence ?? 0 };
          await store.write([change('hot', facts)]);
        }
      })();
      type Answer = { nothing: number };
      const facts = { place, times: 100 };
      const answers = await together<Answer>(2, 'claimAlwaysDue', facts);
      isOver = true;
      await writing;
      expect(answers).toEqual([{ nothing: 0 }, { nothing: 0 }]);
    } finally {
      await store.close();
    }
  });
});

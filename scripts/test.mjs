// npm test [-- jest arguments]
import { join } from 'node:path';
import { endLike, root, run } from './child.mjs';
import { prepare } from './prepare.mjs';
import { prepareServers } from './servers.mjs';

if (await prepare()) {
  await prepareServers();
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  process.stdout.write('> running the tests (jest) ...\n');
  endLike(
    await run(process.execPath, [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      // Most tests keep tokens in memory, and know it.
      '--disable-warning=TOKENKEEP_EPHEMERAL_STORE',
      jest,
      ...process.argv.slice(2),
    ]),
  );
}

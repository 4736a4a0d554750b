// npm run demo [-- arguments of the demo]
import { join } from 'node:path';
import { endLike, root, run } from './child.mjs';
import { prepare } from './prepare.mjs';

if (await prepare()) {
  const main = join(root, 'packages/demo/dist/main.js');
  endLike(await run(process.execPath, [main, ...process.argv.slice(2)]));
}

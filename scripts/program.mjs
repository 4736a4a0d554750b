// npm run demo|sim [-- its arguments]: builds what is not built, then runs one of our programs.
import { join } from 'node:path';
import { endLike, root, run } from './child.mjs';
import { prepare } from './prepare.mjs';

const [program = '', ...args] = process.argv.slice(2);

if (await prepare()) {
  const main = join(root, 'packages', program, 'dist/main.js');
  endLike(await run(process.execPath, [main, ...args]));
}

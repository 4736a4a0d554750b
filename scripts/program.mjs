// npm run demo|sim|mutants [-- its arguments]: builds what is not built, then runs one of our programs.
import { join } from 'node:path';
import { endLike, root, run } from './child.mjs';
import { prepare } from './prepare.mjs';

const [program = '', ...args] = process.argv.slice(2);

if (await prepare()) {
  const [name = '', ...folder] = program.split('/');
  const main = join(root, 'packages', name, 'dist', ...folder, 'main.js');
  endLike(await run(process.execPath, [main, ...args]));
}

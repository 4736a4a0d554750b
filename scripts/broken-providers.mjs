// npm run broken-providers [-- --only id] [-- --write]: what the kit for providers says of each provider
// that is broken on purpose. They are tests, which are not built: esbuild makes one program of them.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { endLike, root, run } from './child.mjs';
import { prepare } from './prepare.mjs';

const page = join(root, 'docs/reference/provider-conformance.md');
const args = process.argv.slice(2).flatMap((arg) => (arg === '--write' ? [arg, page] : [arg]));

if (await prepare()) {
  // Beside the packages, so that their names resolve.
  const folder = join(root, 'node_modules/.cache/broken-providers');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `main-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, 'packages/testing/test/broken-providers/main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    sourcemap: 'inline',
  });
  const end = await run(process.execPath, [program, ...args]);
  rmSync(program, { force: true });
  endLike(end);
}

// Packs every package as npm would get it, and looks at each tarball as Node and TypeScript will.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './child.mjs';
import { packAll } from './pack-all.mjs';

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path);
const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-tarballs-'));
try {
  for (const tarball of packAll(folder)) {
    // CommonJS hosts require() ES modules: node16 from CommonJS is meant to be ESM.
    for (const look of [
      [bin('publint/src/cli.js'), tarball, '--strict'],
      [bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only'],
    ]) {
      const { code, output } = await run(process.execPath, look, { output: 'kept' });
      if (code === 0) continue;
      console.error(output);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

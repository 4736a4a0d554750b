// npm run clean: removes what the build makes, in all packages or in the one given.
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from './child.mjs';

const [only] = process.argv.slice(2);
const packages =
  only === undefined
    ? readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
    : [resolve(only)];

for (const folder of [...packages.map((name) => join(name, 'dist')), join(root, 'coverage')]) {
  rmSync(folder, { recursive: true, force: true });
}

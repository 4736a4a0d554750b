// Every published package as a tarball.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './child.mjs';
import { publishedPackages } from './published-packages.mjs';

/**
 * @param {string} folder where the tarballs go
 * @returns {string[]} their paths
 */
export function packAll(folder) {
  const workspaces = publishedPackages(root).flatMap(({ manifest }) => ['-w', manifest.name]);
  const args = ['pack', ...workspaces, '--ignore-scripts', '--pack-destination', folder];
  // What runs this may be npm itself, with settings that are not meant for this one.
  const env = Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name));
  const { status, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    env: Object.fromEntries(env),
  });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return readdirSync(folder).map((name) => join(folder, name));
}

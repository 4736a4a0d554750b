// The packages that npm gets: those that are not private.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ name: string, version: string, private?: boolean,
 *   exports: Record<string, Record<string, string>> }} PublishedManifest
 */

/**
 * @param {string} root
 * @returns {{ folder: string, manifest: PublishedManifest }[]}
 */
export function publishedPackages(root) {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

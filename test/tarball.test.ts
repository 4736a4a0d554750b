import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')).references.map(
  ({ path }: { path: string }) => path,
) as string[];
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
const published = folders.filter((folder) => manifestOf(folder).private !== true);

interface Tarball {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

/** What npm would publish, by package name. */
const shipped = new Map<string, Set<string>>();

beforeAll(() => {
  // What runs these tests may be npm itself, with settings that are not meant for this one.
  const env = Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name));
  const args = ['pack', '--dry-run', '--json', '--workspaces', '--ignore-scripts', '--offline'];
  const { stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    env: Object.fromEntries(env),
  });
  if (stdout === '') throw new Error(`npm pack failed: ${stderr}`);
  for (const { name, files } of JSON.parse(stdout) as Tarball[]) {
    shipped.set(name, new Set(files.map(({ path }) => path)));
  }
});

describe.each(published)('the tarball of %s', (folder) => {
  const manifest = manifestOf(folder);
  const filesOf = () => shipped.get(manifest.name) ?? new Set<string>();

  test('has the license, a README, and every file that the manifest names', () => {
    const named = Object.values(manifest.exports as Record<string, string | object>)
      .flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)) as string[])
      .concat(Object.values((manifest.bin ?? {}) as Record<string, string>))
      .map((path) => path.replace('./', ''));
    const wanted = ['LICENSE', 'README.md', 'package.json', ...named];
    expect(wanted.filter((path) => !filesOf().has(path))).toEqual([]);
    const [ours, theirs] = [root, join(root, folder)].map((place) =>
      readFileSync(join(place, 'LICENSE'), 'utf8'),
    );
    expect(theirs).toBe(ours);
  });

  test('has the sources that its maps lead to, for "go to definition"', () => {
    const maps = [...filesOf()].filter((path) => path.endsWith('.map'));
    const sources = maps.flatMap((path) => {
      const map = JSON.parse(readFileSync(join(root, folder, path), 'utf8'));
      return (map.sources as string[]).map((source) => join(dirname(path), source));
    });
    // What an older build left in dist has no source any more.
    const there = sources.filter((source) => existsSync(join(root, folder, source)));
    expect(there.length).toBeGreaterThan(0);
    expect(there.filter((source) => !filesOf().has(source))).toEqual([]);
  });

  test('has no test, and nothing of the build', () => {
    const allowed =
      /^(dist\/.+\.(js|d\.ts)(\.map)?|src\/.+\.ts|LICENSE|README\.md|package\.json|[\w-]+\.schema\.json)$/;
    const files = [...filesOf()];
    expect(files.filter((path) => !allowed.test(path) || /\.test\./.test(path))).toEqual([]);
  });

  test('has a README whose links lead somewhere wherever it is read', () => {
    const links = readFileSync(join(root, folder, 'README.md'), 'utf8').matchAll(
      /\]\(([^()\s]+)\)/g,
    );
    const leaving = [...links]
      .map(([, target = '']) => target)
      .filter((to) => !/^(#|https:)/.test(to));
    expect(leaving).toEqual([]);
  });
});

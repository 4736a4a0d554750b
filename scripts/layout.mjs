// The uniform shape of the packages: knowing one is knowing all.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ name: string, version: string, license: string, type: string, private?: boolean,
 *   description?: string, keywords?: string[],
 *   engines: Record<string, string>, scripts: Record<string, string>, files: string[],
 *   exports: Record<string, Record<string, string>>, sideEffects: unknown,
 *   peerDependencies?: Record<string, string> }} Manifest
 */

const requiredFiles = [
  'package.json',
  'README.md',
  'tsconfig.json',
  'tsconfig.test.json',
  'src/index.ts',
];

/** Programs: they bring their dependencies along, and may have a name of their own. */
const programs = [
  'demo',
  'cli',
  'create-tokenkeep-provider',
  'simulator',
  'servers',
  'chaos',
  'bench',
];
const names = /** @type {Record<string, string>} */ ({
  cli: 'tokenkeep',
  'create-tokenkeep-provider': 'create-tokenkeep-provider',
});

/**
 * Kinds of packages whose members have the same source files at the top; what is of one alone is in
 * a folder.
 */
const siblings = ['provider-'];
/** Reads declarations: it has a schema and an interpreter where the others have options. */
const withoutSiblings = ['provider-http'];
/** A provider that is made for no vendor has none. */
const vendors = ['preset.ts'];

/**
 * @param {string} root
 * @returns {string[]} one sentence for each departure from the layout
 */
export function layoutProblems(root) {
  /** @type {string[]} */
  const problems = [];
  const folders = readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'package.json')),
  );
  const { version, license, engines } = manifestOf(root);
  const scripts = Object.keys(manifestOf(join(root, 'packages/core')).scripts);

  for (const folder of folders) {
    const path = join(root, 'packages', folder);
    const manifest = manifestOf(path);
    /** @param {boolean} holds @param {string} rule */
    const expect = (holds, rule) => {
      if (!holds) problems.push(`packages/${folder}: ${rule}`);
    };
    for (const file of requiredFiles) expect(existsSync(join(path, file)), `${file} is missing`);
    expect(
      manifest.name === (names[folder] ?? `@tokenkeep/${folder}`),
      'the name is the expected one',
    );
    expect(manifest.version === version, `the version is ${version}`);
    expect(manifest.license === license, `the license is ${license}`);
    expect(manifest.engines?.node === engines.node, `engines.node is ${engines.node}`);
    expect(manifest.type === 'module', 'packages are ESM only');
    expect(same(Object.keys(manifest.scripts), scripts), `the scripts are ${scripts.join(', ')}`);
    expect(manifest.files.every(isShipped), 'only dist, src, README.md and schemas are published');
    // Maps in dist lead there: without it, "go to definition" ends in nothing.
    expect(manifest.files.includes('src'), 'src is published');
    expect(
      manifest.description !== undefined && manifest.keywords?.[0] === 'tokenkeep',
      'a description and keywords are stated, the first of which is tokenkeep',
    );
    // npm ships no file from outside a package.
    expect(
      textOf(join(path, 'LICENSE')) === textOf(join(root, 'LICENSE')),
      'LICENSE is a copy of the one of the house',
    );
    expect(manifest.sideEffects !== undefined, 'sideEffects is stated');
    for (const [entry, conditions] of Object.entries(manifest.exports)) {
      if (entry.endsWith('.schema.json')) continue;
      expect(Object.keys(conditions)[0] === 'types', `exports["${entry}"] names its types first`);
    }
    if (folder !== 'core' && !programs.includes(folder)) {
      const peers = Object.keys(manifest.peerDependencies ?? {});
      expect(peers.includes('@tokenkeep/core'), '@tokenkeep/core is a peer dependency');
    }
  }

  for (const kind of siblings) {
    const members = folders.filter(
      (name) => name.startsWith(kind) && !withoutSiblings.includes(name),
    );
    const filesOf = (/** @type {string} */ name) => sourceFiles(join(root, 'packages', name));
    const all = new Set(members.flatMap(filesOf));
    for (const member of members) {
      const own = new Set(filesOf(member));
      for (const file of all) {
        if (!own.has(file)) problems.push(`packages/${member}: src/${file}, as its siblings have`);
      }
    }
  }
  return problems;
}

/** @param {string} folder @returns {Manifest} */
const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** @param {string} file */
const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** @param {string} entry */
const isShipped = (entry) =>
  entry.startsWith('!') ||
  entry.endsWith('.schema.json') ||
  ['dist', 'src', 'README.md'].includes(entry);

/** @param {string[]} left @param {string[]} right */
const same = (left, right) => left.toSorted().join() === right.toSorted().join();

/** @param {string} folder */
const sourceFiles = (folder) =>
  readdirSync(join(folder, 'src'), { encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !vendors.includes(file),
  );

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { layoutProblems } from '../scripts/layout.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A house beside ours, under the same rules, in which every rule is broken once. */
const house = mkdtempSync(join(tmpdir(), 'tokenkeep-house-'));

const write = (path: string, source: string) => {
  mkdirSync(join(house, dirname(path)), { recursive: true });
  writeFileSync(join(house, path), `${source}\n`);
};

const runTool = (path: string, ...args: string[]) => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', path), ...args],
    { cwd: house, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  return (stdout + stderr).split('\n');
};

beforeAll(() => {
  for (const file of ['biome.json', 'scripts/lint', '.dependency-cruiser.mjs']) {
    cpSync(join(root, file), join(house, file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe('packages have one layout', () => {
  test('nothing departs from it', () => {
    expect(layoutProblems(root)).toEqual([]);
  });
});

describe('lint keeps time, randomness and the network behind the ports', () => {
  const ports = 'Clock, Random, transport';
  const caught: [source: string, complaint: string][] = [
    ['export const at = Date.now();', 'noRestrictedGlobals'],
    ['export const at = new Date();', 'noRestrictedGlobals'],
    ['export const at = performance.now();', 'noRestrictedGlobals'],
    ['setTimeout(() => {}, 1);', 'noRestrictedGlobals'],
    ['setInterval(() => {}, 1);', 'noRestrictedGlobals'],
    ['setImmediate(() => {});', 'noRestrictedGlobals'],
    ["await fetch('https://example.com');", 'noRestrictedGlobals'],
    ['export const id = crypto.randomUUID();', 'noRestrictedGlobals'],
    ["import { randomBytes } from 'node:crypto';\nrandomBytes(8);", 'noRestrictedImports'],
    ["import nodeCrypto from 'node:crypto';\nnodeCrypto.randomUUID();", 'noRestrictedImports'],
    ["import { setTimeout } from 'node:timers/promises';\nsetTimeout(1);", 'noRestrictedImports'],
    ["import { uptime } from 'node:os';\nuptime();", 'noRestrictedImports'],
    ["import { request } from 'node:https';\nrequest('');", 'noRestrictedImports'],
    ["import * as crypto from 'node:crypto';\ncrypto.randomBytes(8);", ports],
    ["import * as os from 'node:os';\nos.uptime();", ports],
    ['export const roll = Math.random();', ports],
    ['export const { random } = Math;', ports],
    ['export const at = process.hrtime.bigint();', ports],
    ['globalThis.setTimeout(() => {}, 1);', ports],
    ['AbortSignal.timeout(1);', ports],
    ['export const x: any = 1;', 'noExplicitAny'],
    ['export const x = process.title!;', 'noNonNullAssertion'],
  ];
  const allowed: [path: string, source: string][] = [
    ['packages/core/src/clock/allowed.ts', 'export const at = Date.now();'],
    ['packages/core/src/transport/allowed.ts', 'setTimeout(() => {}, 1);'],
    ['packages/core/src/holder/allowed.ts', 'export const at = process.hrtime.bigint();'],
    ['packages/core/test/allowed.test.ts', 'export const roll = Date.now() * Math.random();'],
    ['packages/testing/src/allowed.ts', 'setTimeout(() => {}, 1);'],
    ['packages/core/src/sealing/allowed.ts', "export { createHmac } from 'node:crypto';"],
  ];
  const guarded = [
    'packages/core/src/renewal/guarded.ts',
    'packages/provider-one/src/guarded.ts',
    'packages/store-one/src/guarded.ts',
  ];
  const samplePath = (index: number) => `packages/core/src/renewal/sample-${index}.ts`;
  let complaints: string[] = [];

  beforeAll(() => {
    for (const [index, [source]] of caught.entries()) write(samplePath(index), source);
    for (const [path, source] of allowed) write(path, source);
    for (const path of guarded) write(path, 'export const at = Date.now() + Math.random();');
    complaints = runTool(
      '@biomejs/biome/bin/biome',
      ...['lint', '--reporter=github', '--max-diagnostics=none', 'packages'],
    ).filter((line) => line.startsWith('::'));
  });

  const complaintsAbout = (path: string) =>
    complaints.filter((line) => line.includes(`${path},`)).join('\n');

  test.each(caught.map(([source, complaint], index) => ({ source, complaint, index })))(
    '$complaint catches $source',
    ({ complaint, index }) => {
      expect(complaintsAbout(samplePath(index))).toContain(complaint);
      expect(complaintsAbout(samplePath(index))).toContain('::error');
    },
  );

  test.each(guarded)('%s is guarded', (path) => {
    expect(complaintsAbout(path)).toContain('noRestrictedGlobals');
    expect(complaintsAbout(path)).toContain(ports);
  });

  test.each(allowed)('%s may hold %s', (path) => {
    expect(complaintsAbout(path)).toBe('');
  });
});

describe('imports point one way', () => {
  const files: Record<string, string> = {
    'packages/core/src/token/upward.ts': "import '../engine/engine.js';",
    'packages/core/src/engine/engine.ts': 'export {};',
    'packages/core/src/guard/ring.ts': "import './ring.js';",
    'packages/core/src/misc/homeless.ts': 'export {};',
    'packages/core/src/guard/stray.ts': "import type {} from '../misc/homeless.js';",
    'packages/core/src/engine/container.ts': "import 'inversify';",
    'packages/core/src/di/container.ts': "import 'inversify';\nimport '../engine/engine.js';",
    'packages/core/src/store/tested.ts': "import '../../test/fixture.js';",
    'packages/core/test/fixture.ts': 'export {};',
    'packages/provider-one/src/index.ts': "import '../../provider-two/src/index.js';",
    'packages/provider-two/src/index.ts': 'export {};',
    'packages/provider-two/src/typed.ts': "import type {} from '../../core/src/engine/engine.js';",
    'packages/testing/src/biased.ts': "import '../../store-one/src/index.js';",
    'packages/store-one/src/index.ts': 'export {};',
    'packages/store-one/src/lost.ts': "import './nowhere.js';",
  };
  let complaints: string[] = [];

  beforeAll(() => {
    for (const [path, source] of Object.entries(files)) write(path, source);
    complaints = runTool(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.mjs', 'packages'],
    );
  });

  test.each([
    ['core-layer-errors', 'packages/core/src/token/upward.ts'],
    ['no-cycles', 'packages/core/src/guard/ring.ts'],
    ['core-folder-without-layer', 'packages/core/src/guard/stray.ts'],
    ['inversify-only-in-di', 'packages/core/src/engine/container.ts'],
    ['sources-import-no-tests', 'packages/core/src/store/tested.ts'],
    ['plugins-import-only-core', 'packages/provider-one/src/index.ts'],
    ['plugins-import-only-core', 'packages/testing/src/biased.ts'],
    ['packages-meet-by-name', 'packages/provider-one/src/index.ts'],
    ['packages-meet-at-the-entry', 'packages/provider-two/src/typed.ts'],
    ['unresolvable', 'packages/store-one/src/lost.ts'],
  ])('%s catches %s', (rule, path) => {
    expect(complaints.join('\n')).toContain(`error ${rule}: ${path}`);
  });

  test('the composition root may know the container and the engine', () => {
    expect(complaints.filter((line) => line.includes('core/src/di/container.ts'))).toEqual([]);
  });
});

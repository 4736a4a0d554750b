import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { TokenError } from '@tokenkeep/core';
import { foldersUp, installedPlugIns } from './installed-packages.js';
import { nearestName } from './nearest-name.js';
import { isPlugInFile } from './plug-in-name.js';
import {
  checkProtectedFile,
  checkProtectedLink,
  checkReplaceable,
  readProtectedFile,
} from './protected-file.js';

const LONGEST_MANIFEST_BYTES = 1024 * 1024;

/**
 * The module of a plug-in: a file relative to the config, or the package that an ES module in the
 * config's folder would import. Nobody else can change it, or put another one in its place: it is
 * code, and gets credentials.
 *
 * @returns absolute, without links
 * @throws TokenError `CONFIGURATION_INVALID`: what is wrong. What to do.
 */
export function plugInPlace(use: string, configPath: string): string {
  const folder = dirname(configPath);
  if (!isPlugInFile(use)) return packageEntry(use, folder);
  return protectedModule(resolve(folder, use));
}

/** The link, if it is one, and what it leads to. */
function protectedModule(path: string): string {
  checkProtectedFile(path);
  const real = realpathSync(path);
  checkProtectedFile(real);
  return real;
}

function packageEntry(name: string, from: string): string {
  const base = [...foldersUp(from)].find((folder) =>
    existsSync(join(folder, 'node_modules', name, 'package.json')),
  );
  if (base === undefined) throw notInstalled(name, from);
  checkReplaceable(base);
  const link = join(base, 'node_modules', name);
  return allOfIt(() => {
    for (const folder of foldersBetween(join(base, 'node_modules'), dirname(link))) {
      checkReplaceable(folder);
    }
    checkProtectedLink(link);
    const root = realpathSync(link);
    checkReplaceable(dirname(root));
    const path = join(root, 'package.json');
    const rules = { longestBytes: LONGEST_MANIFEST_BYTES, secret: false };
    const entry = entryOf(root, readProtectedFile(path, rules).text);
    if (!existsSync(entry)) throw notBuilt(root, entry);
    for (const folder of foldersBetween(root, dirname(entry))) checkReplaceable(folder);
    return protectedModule(entry);
  });
}

/** What holds for one file of an installed package holds for all: one command puts it right. */
function allOfIt(look: () => string): string {
  try {
    return look();
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    throw refused(error.message.replace(/\b(chmod|chown) /, '$1 -R '));
  }
}

function entryOf(root: string, manifest: string): string {
  const exported = exportsOf(manifest);
  const target = exported === undefined ? mainOf(root) : targetOf(exported);
  if (typeof target !== 'string') {
    throw refused('This package has no entry to import. Its author has to state it in "exports".');
  }
  const entry = resolve(root, target);
  if (entry.startsWith(root + sep)) return entry;
  throw refused('The entry of this package is not in it. Install another version of it.');
}

function exportsOf(manifest: string): unknown {
  try {
    return (JSON.parse(manifest) as { exports?: unknown } | null)?.exports ?? undefined;
  } catch {
    throw refused('The package.json of this package is no JSON. Install it anew.');
  }
}

/** Without `exports`: `main`, or `index.js`. */
function mainOf(root: string): string | undefined {
  try {
    return createRequire(join(root, 'package.json')).resolve(root);
  } catch {
    return undefined;
  }
}

/** Of `exports`, what `import` of the package's name takes. `null`: there is nothing to take. */
function targetOf(exported: unknown): string | null | undefined {
  if (typeof exported === 'string') return exported.startsWith('./') ? exported : null;
  if (exported === null) return null;
  if (typeof exported !== 'object') return undefined;
  if (Array.isArray(exported)) return exported.map(targetOf).find(Boolean);
  if (Object.hasOwn(exported, '.')) return targetOf((exported as { '.': unknown })['.']);
  return Object.entries(exported)
    .filter(([name]) => conditions.has(name))
    .map(([, target]) => targetOf(target))
    .find((target) => target !== undefined);
}

const conditions: ReadonlySet<string> = new Set(['import', 'module-sync', 'node', 'default']);

/** From `top` down to `bottom`, both included. */
function foldersBetween(top: string, bottom: string): readonly string[] {
  const names = relative(top, bottom).split(sep).filter(Boolean);
  return [top, ...names.map((_, index) => join(top, ...names.slice(0, index + 1)))];
}

/** A name that is nearly one of the installed ones is more likely misspelt than missing. */
function notInstalled(name: string, from: string): TokenError {
  const near = nearestName(name, installedPlugIns(from));
  const question = near === undefined ? 'Run' : `Did you mean "${near}"? Else run`;
  return refused(`This package is not installed. ${question} in ${from}: npm install ${name}`);
}

/** One that was linked, or installed from its sources. */
function notBuilt(root: string, entry: string): TokenError {
  return refused(
    `The entry of this package, ${relative(root, entry)}, is not there. ` +
      `Build the package in ${root}, or install it anew.`,
  );
}

function refused(message: string): TokenError {
  return new TokenError('CONFIGURATION_INVALID', message, { reason: 'config_file' });
}

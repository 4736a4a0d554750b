import { pathToFileURL } from 'node:url';
import { TokenError, type TokenProvider } from '@tokenkeep/core';
import { groupMembers } from './config-path.js';
import type { ProblemWords } from './config-source.js';
import { isPlugIn } from './plug-in-name.js';
import { plugInPlace } from './plug-in-place.js';
import { isStandardSchema, type StandardSchema } from './standard-problems.js';
import { wordsOfError } from './words-of-error.js';

/** The module of a provider that is not ours, as far as it was found to be one. */
export interface PlugIn {
  make(options: Readonly<Record<string, unknown>> & { readonly id: string }): unknown;
  readonly optionsSchema: StandardSchema | undefined;
  readonly credentialsSchema: StandardSchema | undefined;
  /** Members of options and credentials that are secrets; `undefined` where it does not say. */
  readonly secrets: readonly string[] | undefined;
}

/** Or why there is none: in words, or what its module threw. */
export type LoadedPlugIn =
  | PlugIn
  | { readonly problem: ProblemWords }
  | { readonly thrown: unknown };

export type LoadedPlugIns = ReadonlyMap<string, LoadedPlugIn>;

/**
 * Loads the modules that providers of a config name, by the providers' names. What is loaded stands in
 * the file itself: no variable decides which code runs.
 *
 * @param written the config's data, its references as they are
 */
export async function loadPlugIns(written: unknown, configPath: string): Promise<LoadedPlugIns> {
  const plugIns = new Map<string, LoadedPlugIn>();
  for (const [name, { use }] of groupMembers(written, 'providers')) {
    if (!isPlugIn(use) || use.includes('${')) continue;
    plugIns.set(name, await loadPlugIn(use, configPath));
  }
  return plugIns;
}

async function loadPlugIn(use: string, configPath: string): Promise<LoadedPlugIn> {
  let place: string;
  try {
    place = plugInPlace(use, configPath);
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { problem: wordsOfError(error) };
  }
  try {
    const exported = await inTime(import(pathToFileURL(place).href), LONGEST_LOAD_MS);
    return exported === undefined ? { problem: neverLoaded } : plugInOf(exported as Exports);
  } catch (thrown) {
    return { thrown };
  }
}

const LONGEST_LOAD_MS = 10_000;
const neverLoaded: ProblemWords = {
  message: `The code of this package is not loaded after ${LONGEST_LOAD_MS / 1_000} s.`,
  hint: 'Its author must not wait for anything on import.',
};

/** The timer also keeps the process alive: what never ends does not. */
async function inTime<Value>(coming: Promise<Value>, longestMs: number) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, longestMs, undefined);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Exports = Readonly<Record<string, unknown>>;

const MAKE_IT =
  'Its author has to export, as default, a function that makes a provider of options.';

function plugInOf(exported: Exports): LoadedPlugIn {
  const make = [exported.default, exported.provider].find((each) => typeof each === 'function');
  if (make === undefined) return { problem: noFactory(exported) };
  const { optionsSchema, credentialsSchema, secrets } = exported;
  for (const [name, schema] of Object.entries({ optionsSchema, credentialsSchema })) {
    if (schema === undefined || isStandardSchema(schema)) continue;
    const message = `What this package exports as ${name} is no Standard Schema.`;
    return { problem: { message, hint: 'Its author has to export one; a zod schema is one.' } };
  }
  if (secrets !== undefined && !isListOfTexts(secrets)) {
    const message = 'What this package exports as secrets is no list of names.';
    return { problem: { message, hint: "Its author has to export ['clientSecret'] or the like." } };
  }
  return {
    make: make as PlugIn['make'],
    optionsSchema: optionsSchema as StandardSchema | undefined,
    credentialsSchema: credentialsSchema as StandardSchema | undefined,
    secrets,
  };
}

function noFactory(exported: Exports): ProblemWords {
  const { default: main, provider } = exported;
  if (typeof (main as Exports | undefined)?.default === 'function') {
    const message = 'This package is CommonJS, and its default export is inside of "default".';
    return { message, hint: 'Its author has to publish an ES module, or module.exports = ....' };
  }
  if ([main, provider].some(isProvider)) {
    const message = 'This package exports a provider, and not a function that makes one.';
    return { message, hint: MAKE_IT };
  }
  const names = Object.entries(exported)
    .filter(([name]) => /^[\w$]{1,40}$/.test(name) && name !== '__esModule')
    .map(([name, value]) => `${name} (${kindOfExport(value)})`);
  const list = names.slice(0, 6).join(', ') + (names.length > 6 ? ', ...' : '');
  return { message: `This is no provider: it exports ${list || 'nothing'}.`, hint: MAKE_IT };
}

function isProvider(value: unknown): boolean {
  return typeof (value as Partial<TokenProvider> | undefined)?.obtain === 'function';
}

function kindOfExport(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

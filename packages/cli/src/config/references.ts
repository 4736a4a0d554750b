import { dirname, resolve } from 'node:path';
import { TokenError } from '@tokenkeep/core';
import { mapTexts } from './config-path.js';
import { nearestName } from './nearest-name.js';
import { readProtectedFile } from './protected-file.js';
import { wordsOfError } from './words-of-error.js';

/** Where the texts come from that stand for `${NAME}` and `${file:path}`. */
export interface ReferenceSources {
  /** Paths of references are relative to the folder of this file. */
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `name`: of the variable, or the file's path, absolute. */
export interface Reference {
  readonly kind: 'variable' | 'file';
  readonly name: string;
}

export interface ReferenceProblem {
  readonly message: string;
  readonly hint: string;
  /** The reference is right, and what it names is not there. */
  readonly absent: boolean;
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LONGEST_SECRET_BYTES = 65_536;

export function hasReferences(data: unknown): boolean {
  let found = false;
  mapTexts(data, (text) => {
    found ||= text.includes('${');
  });
  return found;
}

/** The text with its references replaced, or what is wrong with the first that cannot be. */
export function resolveReferences(
  text: string,
  sources: ReferenceSources,
): { text: string; references: readonly Reference[] } | ReferenceProblem {
  const references: Reference[] = [];
  let problem: ReferenceProblem | undefined;
  const resolved = text.replace(REFERENCE, (match, body?: string) => {
    if (match === '$${') return '${';
    const found = lookUp(body, sources);
    if ('message' in found) {
      problem ??= found;
      return '';
    }
    references.push(found.reference);
    return found.text;
  });
  return problem ?? { text: resolved, references };
}

/**
 * A copy of `data` with all references replaced, read anew.
 *
 * @throws TokenError `CONFIGURATION_INVALID`: a variable or file that was there at load is not
 */
export function resolveAll(data: unknown, sources: ReferenceSources): unknown {
  return mapTexts(data, (text) => {
    const resolved = resolveReferences(text, sources);
    if ('text' in resolved) return resolved.text;
    throw new TokenError('CONFIGURATION_INVALID', `${resolved.message} ${resolved.hint}`, {
      reason: 'config_file',
    });
  });
}

type Found = { reference: Reference; text: string } | ReferenceProblem;

function lookUp(body: string | undefined, sources: ReferenceSources): Found {
  if (body?.startsWith('file:')) return readFile(body.slice('file:'.length), sources);
  if (body !== undefined && VARIABLE.test(body)) return readVariable(body, sources);
  return {
    message: 'A reference is not one that is known.',
    hint: `Write \${NAME} or \${file:./path}; the text "\${" itself is $\${.`,
    absent: false,
  };
}

function readVariable(name: string, { env }: ReferenceSources): Found {
  const text = env[name];
  if (text !== undefined && text !== '') return { reference: { kind: 'variable', name }, text };
  const others = Object.keys(env).filter((other) => env[other] !== '' && other !== name);
  const near = nearestName(name, others);
  const question = near === undefined ? '' : ` Did you mean ${near}?`;
  // A secret may stand in the braces by mistake: it would hardly be spelt like this.
  const shown = near !== undefined || /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : '';
  return {
    message: `The environment variable${shown && ` ${shown}`} is ${text === '' ? 'empty' : 'not set'}.`,
    hint: `Set it: export ${shown || 'NAME'}=...${question}`,
    absent: true,
  };
}

function readFile(given: string, { configPath }: ReferenceSources): Found {
  const name = resolve(dirname(configPath), given);
  if (given.trim() === '' || given.includes('\0')) {
    const message = 'A file reference names no file.';
    return { message, hint: `Write \${file:./path}.`, absent: false };
  }
  try {
    const { text } = readProtectedFile(name, {
      longestBytes: LONGEST_SECRET_BYTES,
      secret: true,
    });
    const cut = text.replace(/\r?\n$/, '');
    if (cut.includes('\0')) {
      return { message: `The file ${name} is no text.`, hint: 'Correct the path.', absent: true };
    }
    if (cut !== '') return { reference: { kind: 'file', name }, text: cut };
    return { message: `The file ${name} is empty.`, hint: 'Put the value into it.', absent: true };
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    return { ...wordsOfError(error), absent: true };
  }
}

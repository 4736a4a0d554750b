import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { type ConfigError, isConfigError } from '../src/config/config-problem.js';
import { loadConfig } from '../src/config/load-config.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface WrittenFile {
  readonly text: string;
  /** Default 0600. */
  readonly mode?: number;
}

/** A folder of its own with these files in it, gone after the tests. */
export function folderWith(files: Readonly<Record<string, string | WrittenFile>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-config-'));
  folders.push(folder);
  for (const [name, file] of Object.entries(files)) {
    const { text, mode = 0o600 } = typeof file === 'string' ? { text: file } : file;
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  }
  return folder;
}

/** What `loadConfig` complains of in a `tokenkeep.yaml` of this text. */
export async function complaints(
  text: string | WrittenFile,
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string | WrittenFile>> = {},
): Promise<ConfigError> {
  const folder = folderWith({ ...files, 'tokenkeep.yaml': text });
  try {
    await loadConfig({ cwd: folder, env });
  } catch (error) {
    if (isConfigError(error)) return error;
    throw error;
  }
  throw new Error('The config was accepted.');
}

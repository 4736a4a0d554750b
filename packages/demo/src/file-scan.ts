import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scanForCanaries } from '@tokenkeep/testing';
import type { Member } from './cast.js';

export interface FileScan {
  readonly tokens: number;
  readonly files: number;
  readonly found: number;
}

/** Looks for every token the servers issued in everything the engine wrote, in any encoding. */
export function scanFiles(folder: string, members: readonly Member[]): FileScan {
  const secrets = members.flatMap(({ name, server }) =>
    server.truth.tokens
      .of(name)
      .flatMap(({ sets }) => sets)
      .flatMap(({ accessToken, refresh }) => [accessToken, ...(refresh ? [refresh.token] : [])]),
  );
  const sought = secrets.map((secret) => ({ kind: 'token', secret, random: secret }));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  const found = files.flatMap((content) => scanForCanaries(content, sought)).length;
  return { tokens: secrets.length, files: files.length, found };
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** So many characters of a secret in a row are a leak. */
const FRAGMENT = 12;
const words = /[\w+/=~.-]{12,}/g;

export interface SecretSearch {
  readonly leaks: string[];
  readonly bytes: number;
}

/** Searches each file of a folder for any part of any secret. Names files, never the secret. */
export function searchSecrets(folder: string, secrets: readonly string[]): SecretSearch {
  const fragments = new Set<string>();
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('hex')]) {
      for (let at = 0; at + FRAGMENT <= form.length; at += 1) {
        fragments.add(form.slice(at, at + FRAGMENT));
      }
    }
  }
  const leaks: string[] = [];
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'latin1');
    bytes += text.length;
    if (holds(text, fragments)) leaks.push(`${entry.name} holds a part of a secret`);
  }
  return { leaks, bytes };
}

function holds(text: string, fragments: ReadonlySet<string>): boolean {
  for (const [word] of text.matchAll(words)) {
    for (let at = 0; at + FRAGMENT <= word.length; at += 1) {
      if (fragments.has(word.slice(at, at + FRAGMENT))) return true;
    }
  }
  return false;
}

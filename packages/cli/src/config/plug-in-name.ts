/**
 * What `use` may be where it is not a kind: an installed package, whose name has a scope or
 * `tokenkeep` in it, or a file. No other word ever runs code, be it a kind that is misspelt.
 */
export const plugInPattern =
  /^(?:(?:\.{1,2})?\/.+|@[a-z0-9~-][a-z0-9._~-]*\/[a-z0-9~-][a-z0-9._~-]*|(?=[a-z0-9._~-]*tokenkeep)[a-z0-9~-][a-z0-9._~-]*)$/;

export function isPlugIn(use: unknown): use is string {
  return typeof use === 'string' && use.length <= 1_024 && plugInPattern.test(use);
}

/** `./name.js`, `../name.js` or `/name.js`: a file, and not a package. */
export function isPlugInFile(use: string): boolean {
  return /^[./]/.test(use);
}

/** `https:`, `data:`, `file:`, `node:` and the like. A letter alone is a drive of Windows. */
export function isUrl(use: unknown): boolean {
  return typeof use === 'string' && /^[a-z][a-z0-9+.-]+:/i.test(use);
}

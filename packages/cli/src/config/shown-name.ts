import { configJsonSchema } from './config-json-schema.js';
import type { ConfigPath } from './config-path.js';

let vocabulary: ReadonlySet<string> | undefined;

/**
 * Whether the name of a member may be shown. A value can slip into the place of a name, as in
 * `{ password:hunter2 }` or `{ hunter2 }`: so a name is shown if it is one of ours, or one that a
 * user chooses, or else letters only, with a value of its own.
 */
export function isShownName(path: ConfigPath, hasValue: boolean): boolean {
  const name = path.at(-1);
  if (typeof name !== 'string' || name === '<<') return true;
  vocabulary ??= new Set(membersIn(configJsonSchema()));
  if (vocabulary.has(name)) return true;
  if (!hasValue) return false;
  const chosen = path.length === 2 && (path[0] === 'accounts' || path[0] === 'providers');
  return chosen ? /^[\w.@-]{1,64}$/.test(name) : /^[A-Za-z_$-]{1,32}$/.test(name);
}

/** All names that stand in the `properties` of a JSON Schema. */
function membersIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => [
    ...(name === 'properties' ? Object.keys(value as object) : []),
    ...membersIn(value),
  ]);
}

import type { JsonObject, JsonValue } from '@tokenkeep/core';
import { mapMembers } from './map-members.js';

/** What conditions look at: a token endpoint's reply, or an API's. */
export interface ReplyFacts {
  readonly status: number;
  readonly json: JsonValue | undefined;
  header(name: string): string | undefined;
}

/** The value at a path; digits count the items of a list. `null` counts as absent. */
export function valueAt(json: JsonValue | undefined, path: string): JsonValue | undefined {
  return path.split('.').reduce<JsonValue | undefined>(step, json) ?? undefined;
}

function step(value: JsonValue | undefined, name: string): JsonValue | undefined {
  const isThere = typeof value === 'object' && Object.keys(value ?? {}).includes(name);
  return isThere ? (value as JsonObject)[name] : undefined;
}

/** A text that says something; numbers are texts too. */
export function textAt(json: JsonValue | undefined, path: string): string | undefined {
  const value = valueAt(json, path);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function scalarsAt(
  json: JsonObject,
  paths: Readonly<Record<string, string>>,
): Record<string, string> {
  return mapMembers(paths, (path) => {
    const value = valueAt(json, path);
    return typeof value === 'object' || value === undefined ? undefined : String(value);
  });
}

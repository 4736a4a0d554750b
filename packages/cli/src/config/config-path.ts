/** Where something is in a config's data. */
export type ConfigPath = readonly (string | number)[];

export function samePath(left: ConfigPath, right: ConfigPath): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index]);
}

/** The members of a group of the file that are groups themselves. */
export function groupMembers(
  data: unknown,
  group: string,
): (readonly [name: string, value: Readonly<Record<string, unknown>>])[] {
  return Object.entries(valueAt(data, [group]) ?? {}).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      typeof entry[1] === 'object' && entry[1] !== null && !Array.isArray(entry[1]),
  );
}

export function hasTexts(data: unknown): boolean {
  let found = false;
  mapTexts(data, (text) => {
    found ||= text !== '';
  });
  return found;
}

/** What stands at a path in plain data. */
export function valueAt(data: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((at, part) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    return (at as Record<string | number, unknown>)[part];
  }, data);
}

/** The same data with every text replaced. Arrays and plain objects are gone through. */
export function mapTexts(
  data: unknown,
  replace: (text: string, path: ConfigPath) => unknown,
  path: ConfigPath = [],
): unknown {
  if (typeof data === 'string') return replace(data, path);
  if (Array.isArray(data)) return data.map((item, i) => mapTexts(item, replace, [...path, i]));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, mapTexts(value, replace, [...path, name])]),
  );
}

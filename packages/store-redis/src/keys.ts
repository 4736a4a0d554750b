/** The keys of one store. The braces put all of them into one slot of a cluster. */
export interface Keys {
  /** Which layout this is: `schemaVersion`. */
  readonly schema: string;
  /** The store's random name. */
  readonly identity: string;
  /** Hash: the last time told, and by how much the store's time is ahead of the server's. */
  readonly clock: string;
  /** Hash by `kind:id`: everything in a row but its body. */
  readonly heads: string;
  /** Hash by `kind:id`. Apart from the heads, so that a claim does not write bodies again. */
  readonly bodies: string;
  /** Sorted set: ids of accounts by `due`. */
  readonly due: string;
  /** Sorted set, all scores 0: `kind:id` in the order of bytes. */
  readonly ids: string;
}

/** The layout this code reads and writes. */
export const schemaVersion = 1;

export function keysOf(prefix: string): Keys {
  const key = (name: string) => `{${prefix}}:${name}`;
  return {
    schema: key('schema'),
    identity: key('identity'),
    clock: key('clock'),
    heads: key('heads'),
    bodies: key('bodies'),
    due: key('due'),
    ids: key('ids'),
  };
}

/** Where changed accounts are told of. A channel, not a key. */
export function changesOf(prefix: string): string {
  return `{${prefix}}:changes`;
}

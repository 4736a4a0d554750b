/** A reply before it is written to the wire. */
export interface Reply {
  readonly status: number;
  /** A list of values is sent as that many header lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

export type JsonObject = Record<string, unknown>;

export function jsonReply(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return textReply(status, JSON.stringify(value), 'application/json', headers);
}

export function textReply(
  status: number,
  text: string | Uint8Array,
  contentType: string,
  headers: Reply['headers'] = {},
): Reply {
  const body = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
  return { status, headers: { 'content-type': contentType, ...headers }, body };
}

import type { ConfigPath } from './config-path.js';

const bodies: readonly unknown[] = ['json', 'form', 'query', 'headers', 'metadata'];

/** Names in a request that a provider declares are the vendor's, whatever ours would mean. */
export function isPayload(path: ConfigPath): boolean {
  return path[0] === 'providers' && path.slice(3, -1).some((name) => bodies.includes(name));
}

import { createHash } from 'node:crypto';
import { type Keys, schemaVersion } from '../keys.js';
import { clock } from './clock.js';

/** A Lua script: the server runs it as a whole, with nothing in between. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
  readonly keys: readonly (keyof Keys)[];
}

/**
 * Looks at the schema and the clock first, in the same step: no rows are touched in a store that a
 * newer program has changed, or that has been emptied. Scripts name every key they use.
 */
export function script(keys: readonly (keyof Keys)[], body: string): Script {
  return plainScript(
    ['schema', 'clock', ...keys],
    `local schema = redis.call('GET', KEYS[1])
if schema ~= '${schemaVersion}' then
  return redis.error_reply('TKSCHEMA ' .. string.match(schema or 'gone', '^%w*'))
end
${clock}
${body}`,
  );
}

export function plainScript(keys: readonly (keyof Keys)[], lua: string): Script {
  return { lua, keys, sha: createHash('sha1').update(lua).digest('hex') };
}

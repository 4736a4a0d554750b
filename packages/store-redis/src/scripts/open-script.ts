import { schemaVersion } from '../keys.js';
import { plainScript } from './script.js';

/**
 * Makes the store, or finds it made: ARGV[1] is its name if it is new. Uses every command the other
 * scripts use, on nothing: an ACL that lacks one, or a key of another program, would otherwise show
 * in the middle of a write.
 */
export const openScript = plainScript(
  ['schema', 'identity', 'clock', 'heads', 'bodies', 'due', 'ids'],
  `if redis.replicate_commands then redis.replicate_commands() end
local schema = redis.call('GET', KEYS[1])
if schema and not string.match(schema, '^%d+$') then return redis.error_reply('TKFOREIGN keys') end
if schema and tonumber(schema) > ${schemaVersion} then return redis.error_reply('TKSCHEMA ' .. schema) end
redis.call('TIME')
redis.call('HMGET', KEYS[3], 'told')
redis.call('HGET', KEYS[4], '')
redis.call('HMGET', KEYS[5], '')
redis.call('ZMSCORE', KEYS[6], '')
redis.call('ZRANGE', KEYS[6], 0, 0)
redis.call('ZRANGEBYLEX', KEYS[7], '(', '(')
redis.call('ZCARD', KEYS[6])
redis.call('ZCARD', KEYS[7])
redis.call('ZADD', KEYS[6], 'XX', 0, '')
redis.call('ZREM', KEYS[6], '')
redis.call('ZADD', KEYS[7], 'XX', 0, '')
local identity = redis.call('GET', KEYS[2])
if schema then
  if not identity then return redis.error_reply('TKIDENTITY lost') end
  redis.call('HSET', KEYS[3], 'opened', redis.call('TIME')[1])
  return identity
end
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then return redis.error_reply('TKFOREIGN keys') end
end
redis.call('HSET', KEYS[3], 'opened', redis.call('TIME')[1])
redis.call('SET', KEYS[2], ARGV[1])
redis.call('SET', KEYS[1], '${schemaVersion}')
return ARGV[1]`,
);

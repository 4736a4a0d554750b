import { script } from './script.js';

/** → time, identity */
export const identityScript = script(
  ['identity'],
  `local identity = redis.call('GET', KEYS[3])
if not identity then return redis.error_reply('TKIDENTITY lost') end
return tell({ text(now), identity })`,
);

/** → time */
export const nowScript = script([], 'return tell({ text(now) })');

/** field → time, head, body */
export const readScript = script(
  ['heads', 'bodies'],
  `return tell({ text(now), redis.call('HGET', KEYS[3], ARGV[2]), redis.call('HGET', KEYS[4], ARGV[2]) })`,
);

/** from, to, limit → time, then field, head and body of each row */
export const listScript = script(
  ['heads', 'bodies', 'ids'],
  `local fields = redis.call('ZRANGEBYLEX', KEYS[5], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
local reply = { text(now) }
for _, field in ipairs(fields) do
  reply[#reply + 1] = field
  reply[#reply + 1] = redis.call('HGET', KEYS[3], field)
  reply[#reply + 1] = redis.call('HGET', KEYS[4], field)
end
return tell(reply)`,
);

/**
 * channel, then for each change: field, id of an account or '', expected version, due, fence,
 * `=holder` or '-', length of the lease, body → time, or time and number of the first stale change.
 *
 * All versions are looked at before anything changes. Bodies come first: a full memory refuses the
 * first of them, and nothing after it.
 */
export const writeScript = script(
  ['heads', 'bodies', 'due', 'ids'],
  `local versions = {}
for at = 3, #ARGV, 8 do
  local field = ARGV[at]
  local version = versions[field]
  if not version then
    local head = redis.call('HGET', KEYS[3], field)
    version = head and tonumber(string.match(head, '^%d+')) or not head and 0
    if not version then return redis.error_reply('TKDAMAGED row') end
  end
  if version ~= tonumber(ARGV[at + 2]) then return tell({ text(now), text((at - 3) / 8) }) end
  versions[field] = version + 1
end
redis.call('ZCARD', KEYS[5])
redis.call('ZCARD', KEYS[6])
for at = 3, #ARGV, 8 do redis.call('HSET', KEYS[4], ARGV[at], ARGV[at + 7]) end
for at = 3, #ARGV, 8 do
  local due, lease = ARGV[at + 3], ARGV[at + 6]
  if lease ~= '-' then lease = text(now + tonumber(lease)) end
  local version = text(tonumber(ARGV[at + 2]) + 1)
  local head = table.concat({ version, due, ARGV[at + 4], lease, ARGV[at + 5] }, ' ')
  redis.call('HSET', KEYS[3], ARGV[at], head)
  if ARGV[at + 2] == '0' then redis.call('ZADD', KEYS[6], 0, ARGV[at]) end
  local account = ARGV[at + 1]
  if account ~= '' then
    if due == '-' then redis.call('ZREM', KEYS[5], account) else redis.call('ZADD', KEYS[5], due, account) end
  end
end
local reply = tell({ text(now) }, true)
for at = 3, #ARGV, 8 do
  if ARGV[at + 1] ~= '' and ARGV[at + 6] == '-' then redis.pcall('PUBLISH', ARGV[2], ARGV[at + 1]) end
end
return reply`,
);

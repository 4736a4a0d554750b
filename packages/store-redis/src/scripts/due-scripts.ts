import { script } from './script.js';

/** Arguments that Lua hands to one command at a time; its stack ends at 8,000. */
const AT_ONCE = 1_000;

/** Accounts looked at in one step. */
const PAGE = 256;

/** `walk`: hands over every account that is due and that nobody holds, earliest first. */
const walk = `
local function walk(visit)
  for from = 0, math.huge, ${PAGE} do
    local ids = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', text(now), 'LIMIT', from, ${PAGE})
    if #ids == 0 then return end
    local fields = {}
    for place, id in ipairs(ids) do fields[place] = 'account:' .. id end
    local heads = redis.call('HMGET', KEYS[3], unpack(fields))
    for place, id in ipairs(ids) do
      local lease = string.match(heads[place] or '', '^%S+ %S+ %S+ (%S+)')
      if lease and (lease == '-' or tonumber(lease) <= now) and not visit(id) then return end
    end
  end
end
`;

/** `take`: leases an account and adds id, head and body to the reply. */
const take = `
local reply = { text(now) }
local function take(id, holder, lease)
  local field = 'account:' .. id
  local head = redis.call('HGET', KEYS[3], field)
  local version, due, fence, held = string.match(head or '', '^(%S+) (%S+) (%S+) (%S+)')
  if not version or (held ~= '-' and tonumber(held) > now) then return false end
  local ends = text(now + tonumber(lease))
  head = table.concat({ text(tonumber(version) + 1), due, text(tonumber(fence) + 1), ends, '=' .. holder }, ' ')
  redis.call('HSET', KEYS[3], field, head)
  for _, part in ipairs({ id, head, redis.call('HGET', KEYS[4], field) }) do reply[#reply + 1] = part end
  return true
end
`;

/**
 * limit → time, 1 if these are all, then the ids of accounts that are due and that nobody holds,
 * earliest first.
 */
export const dueScript = script(
  ['heads', 'bodies', 'due'],
  `${walk}
local limit = tonumber(ARGV[2])
local reply = { text(now), '1' }
walk(function(id)
  if #reply - 2 == limit then
    reply[2] = '0'
    return false
  end
  reply[#reply + 1] = id
  return true
end)
return tell(reply)`,
);

/**
 * holder, length of the lease, limit, number of ids, ids, ids that are not asked for → time, then
 * id, head and body of each row; or time and "again", if somebody is due who is among neither.
 */
export const claimKnownScript = script(
  ['heads', 'bodies', 'due'],
  `${walk}${take}
local limit, count, asked, others = tonumber(ARGV[4]), tonumber(ARGV[5]), {}, {}
for at = 6, #ARGV do
  if at < 6 + count then asked[ARGV[at]] = true else others[ARGV[at]] = true end
end
local found, unknown = {}, false
walk(function(id)
  if asked[id] then
    found[#found + 1] = id
  elseif not others[id] then
    unknown = true
  end
  return not unknown and #found < limit
end)
if unknown then return tell({ text(now), 'again' }) end
for _, id in ipairs(found) do take(id, ARGV[2], ARGV[3]) end
return tell(reply, #reply > 1)`,
);

/** holder, length of the lease, limit, ids → time, then id, head and body of each row. */
export const claimScript = script(
  ['heads', 'bodies', 'due'],
  `${take}
local found = {}
for from = 5, #ARGV, ${AT_ONCE} do
  local to = math.min(from + ${AT_ONCE - 1}, #ARGV)
  for place, due in ipairs(redis.call('ZMSCORE', KEYS[5], unpack(ARGV, from, to))) do
    due = due and tonumber(due)
    if due and due <= now then found[#found + 1] = { due, ARGV[from + place - 1] } end
  end
end
table.sort(found, function(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end)
local left = tonumber(ARGV[4])
for _, row in ipairs(found) do
  if left < 1 then break end
  if take(row[2], ARGV[2], ARGV[3]) then left = left - 1 end
end
return tell(reply, #reply > 1)`,
);

/** limit → time, then id and due of the accounts that are due first, of all there are. */
export const firstDueScript = script(
  ['due'],
  `local reply = redis.call('ZRANGE', KEYS[3], 0, tonumber(ARGV[2]) - 1, 'WITHSCORES')
table.insert(reply, 1, text(now))
return tell(reply)`,
);

/** ids → time, due or nothing */
export const nextDueScript = script(
  ['due'],
  `local first, score
for from = 2, #ARGV, ${AT_ONCE} do
  local to = math.min(from + ${AT_ONCE - 1}, #ARGV)
  for _, due in ipairs(redis.call('ZMSCORE', KEYS[3], unpack(ARGV, from, to))) do
    local number = due and tonumber(due)
    if number and (not first or number < first) then first, score = number, due end
  end
end
return tell({ text(now), score or false })`,
);

import { script } from './script.js';

/** Arguments that Lua hands to one command at a time; its stack ends at 8,000. */
const AT_ONCE = 1_000;

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

/**
 * limit, and the due and the id to go on from → time, then id, due and end of the lease of the
 * accounts that are due next. Where to go on is looked for by halves: the account may have left
 * that place. Bytes are compared one by one, as the set orders them: Lua compares by the server's
 * locale.
 */
export const upcomingScript = script(
  ['heads', 'due'],
  `local function isAfter(id, due)
  local from, number = ARGV[4], tonumber(ARGV[3])
  due = tonumber(due)
  if due ~= number then return due > number end
  for place = 1, math.min(#id, #from) do
    local byte, other = string.byte(id, place), string.byte(from, place)
    if byte ~= other then return byte > other end
  end
  return #id > #from
end
local first = 0
if ARGV[3] then
  local last = redis.call('ZCARD', KEYS[4])
  while first < last do
    local middle = math.floor((first + last) / 2)
    local entry = redis.call('ZRANGE', KEYS[4], middle, middle, 'WITHSCORES')
    if isAfter(entry[1], entry[2]) then last = middle else first = middle + 1 end
  end
end
local reply, left = { text(now) }, tonumber(ARGV[2])
while left > 0 do
  local count = math.min(left, ${AT_ONCE})
  local entries = redis.call('ZRANGE', KEYS[4], first, first + count - 1, 'WITHSCORES')
  if #entries == 0 then break end
  local fields = {}
  for at = 1, #entries, 2 do fields[#fields + 1] = 'account:' .. entries[at] end
  for place, head in ipairs(redis.call('HMGET', KEYS[3], unpack(fields))) do
    local lease = string.match(head or '', '^%S+ %S+ %S+ (%S+)')
    if not lease then return redis.error_reply('TKDAMAGED row') end
    for _, part in ipairs({ entries[2 * place - 1], entries[2 * place], lease }) do reply[#reply + 1] = part end
  end
  first = first + count
  left = left - count
end
return tell(reply)`,
);

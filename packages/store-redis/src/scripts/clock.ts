/**
 * `now` and `told()`: the store's time, KEYS[2] its hash, ARGV[1] the latest time this client was
 * told.
 *
 * It is the server's time plus `ahead`. Where that would go back, because the server's clock was set
 * or a replica with another clock has taken over, `ahead` grows by the difference: the store's time
 * stands for an instant and goes on.
 *
 * `told` is in the log with each write. For reads it is kept in memory only: nothing of a read goes
 * to the disk or to a replica. It also makes every read prove that this server may still write, so
 * that one that was demoted does not answer from the past. A full memory or disk refuses writes
 * alone.
 *
 * %.17g: a double and back, exactly. tostring() keeps 14 digits.
 */
export const clock = `
if redis.replicate_commands then redis.replicate_commands() end
local function text(number) return string.format('%.17g', number) end
local parts = redis.call('TIME')
local kept = redis.call('HMGET', KEYS[2], 'told', 'ahead')
local last = math.max(tonumber(kept[1]) or 0, tonumber(ARGV[1]))
local ahead = tonumber(kept[2]) or 0
local now = parts[1] * 1000 + math.floor(parts[2] / 1000) + ahead
if now ~= now then return redis.error_reply('TKDAMAGED clock') end
local stepped = now < last
if stepped then
  ahead = ahead + last - now
  now = last
end
local function tell(reply, logged)
  if not logged and not stepped then
    if not redis.set_repl then return reply end
    redis.set_repl(redis.REPL_NONE)
  end
  local kept = redis.pcall('HSET', KEYS[2], 'told', text(now), 'ahead', text(ahead))
  if redis.set_repl then redis.set_repl(redis.REPL_ALL) end
  if type(kept) == 'table' and kept.err and not string.find(kept.err, 'OOM') and not string.find(kept.err, 'MISCONF') then
    return kept
  end
  return reply
end
`;

-- The schedules whose next tick is due, and the next tick after those.
-- ARGV  2 most
-- Returns  {now, next tick (-1: none), name, what the client reads, state, …}
local reply = {string.format('%.0f', now), '-1'}
local found = redis.call('ZRANGE', ticks, 0, ARGV[2], 'WITHSCORES')
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) > now or i > 2 * ARGV[2] then
    reply[2] = found[i + 1]
    break
  end
  reply[#reply + 1] = found[i]
  reply[#reply + 1] = redis.call('HGET', schedules, found[i]) or ''
  reply[#reply + 1] = redis.call('HGET', schedules, found[i] .. '\0s') or ''
end
return reply

-- Looks whether a session is alive, and notes that it was seen.
-- KEYS[1]: a hash of the user's sessions, as Create.lua has it. KEYS[2]: a hash of their data. ARGV[1]: the session's id.
-- Returns the time in milliseconds, the user, created:seen:end:sliding as it is now, and the data; nil when it is not alive.
local fields = redis.call('HMGET', KEYS[1], 'u', ARGV[1])
if not fields[1] or not fields[2] then
  return false
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local created, seen, ends, sliding = string.match(fields[2], '^(%d+):(%d+):(%d+):(%d+)$')
if not created or now >= math.min(tonumber(ends), tonumber(seen) + tonumber(sliding)) then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  return false
end
local state = string.format('%s:%.0f:%s:%s', created, math.max(now, tonumber(seen)), ends, sliding)
redis.call('HSET', KEYS[1], ARGV[1], state)
return { string.format('%.0f', now), fields[1], state, redis.call('HGET', KEYS[2], ARGV[1]) or '' }

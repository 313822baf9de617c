-- Replaces the data of a session that is alive.
-- KEYS[1]: a hash of the user's sessions, as Create.lua has it. KEYS[2]: a hash of their data.
-- ARGV[1]: the channel that tells of changed sessions. ARGV[2]: the session's id. ARGV[3]: data, '' for none.
-- Returns 1, or 0 when it is not alive.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local created, seen, ends, sliding = string.match(redis.call('HGET', KEYS[1], ARGV[2]) or '', '^(%d+):(%d+):(%d+):(%d+)$')
if not created or now >= math.min(tonumber(ends), tonumber(seen) + tonumber(sliding)) then
  return 0
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], ARGV[2])
else
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], redis.call('PTTL', KEYS[1]))
end
return 1

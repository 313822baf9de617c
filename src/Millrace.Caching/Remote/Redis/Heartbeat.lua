-- Renews a node's trust, and tells it how many messages it must have seen for that.
--
-- KEYS[1]  state, KEYS[2] nodes
-- ARGV[1]  node
-- ARGV[2]  how long its trust lasts, ms; 0: it leaves
-- ARGV[3]  a name for the server's memory, if it has none yet: once it was emptied it has another
--
-- Returns  {now in ms, clock, n, all, tagfloor, name}

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if ARGV[3] ~= '' then
  redis.call('HSETNX', KEYS[1], 'name', ARGV[3])
end

local state = redis.call('HMGET', KEYS[1], 'clock', 'n', 'all', 'tagfloor', 'name')
return {now, tonumber(state[1] or '0'), tonumber(state[2] or '0'), state[3] or '-1', state[4] or '-1', state[5]}

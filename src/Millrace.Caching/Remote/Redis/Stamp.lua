-- Gives a stamp later than every invalidation that there has been.
--
-- KEYS[1]  state
-- ARGV[1]  the highest stamp that the caller has seen
--
-- Returns  the stamp, microseconds

local time = redis.call('TIME')
local last = tonumber(redis.call('HGET', KEYS[1], 'clock') or '0')
return string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1, tonumber(ARGV[1])))

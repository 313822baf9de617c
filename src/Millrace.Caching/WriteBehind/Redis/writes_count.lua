-- How many writes wait and are dead, and since when.
-- KEYS  1 values  2 due  3 since  4 state  5 dead; as in writes_append.lua and writes_finish.lua
-- ARGV  none
-- Returns {pending, bytes, dead, ms the oldest waits}
local now = redis.call('TIME')
local oldest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
return {
    redis.call('HLEN', KEYS[1]),
    tonumber(redis.call('HGET', KEYS[4], 'bytes')) or 0,
    redis.call('HLEN', KEYS[5]),
    oldest[2] and math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - oldest[2]) or 0,
}

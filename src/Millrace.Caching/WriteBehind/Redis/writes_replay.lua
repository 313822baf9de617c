-- Makes a dead write pending again, under a new number, due at once; unless a newer one of its key is pending.
-- KEYS  1 values  2 due  3 since  4 state  5 dead; as in writes_append.lua and writes_finish.lua
-- ARGV  1 key  2 most pending  3 most bytes  4 overhead of a write in bytes
-- Returns 0 no such dead write, 1 replayed, 2 superseded, 3 full
local dead = redis.call('HGET', KEYS[5], ARGV[1])
if not dead then
    return 0
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
    redis.call('HDEL', KEYS[5], ARGV[1])
    return 2
end
local length, start = string.match(dead, '^%d+:%d+:%d+:%d+:(%d+):()')
local payload = string.sub(dead, start + length)
local state = redis.call('HMGET', KEYS[4], 'sequence', 'bytes')
local bytes = (tonumber(state[2]) or 0) + ARGV[4] + #ARGV[1] + #payload
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) or bytes > tonumber(ARGV[3]) then
    return 3
end
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local sequence = string.format('%.0f', math.max((tonumber(state[1]) or 0) + 1, now[1] * 1000000 + now[2]))
redis.call('HSET', KEYS[1], ARGV[1], sequence .. ':0:' .. payload)
redis.call('ZADD', KEYS[2], ms, ARGV[1])
redis.call('ZADD', KEYS[3], ms, ARGV[1])
redis.call('HSET', KEYS[4], 'sequence', sequence, 'bytes', string.format('%.0f', bytes))
redis.call('HDEL', KEYS[5], ARGV[1])
return 1

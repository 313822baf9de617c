-- Prolongs a lease, or ends it.
-- KEYS  1 state; as in writes_append.lua
-- ARGV  1 owner  2 fence  3 lease in ms; 0: end it
-- Returns 1; 0: the fencing number is not the present one
local state = redis.call('HMGET', KEYS[1], 'owner', 'fence')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then
    return 0
end
if ARGV[3] == '0' then
    redis.call('HDEL', KEYS[1], 'owner', 'until')
else
    local now = redis.call('TIME')
    redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3]))
end
return 1

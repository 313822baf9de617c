-- Makes an owner, or leaves it one, and reads what is due. Takes nothing away.
-- KEYS  1 values  2 due  3 since  4 state  5 dead; as in writes_append.lua, dead as in writes_finish.lua
-- ARGV  1 owner  2 lease in ms  3 most writes  4 most bytes  5 overhead of a write in bytes  6 '1': also what is not due yet
-- Returns {fence, is new, ms until the next write is due (-1: none) or until the other's lease ends, pending, bytes, dead, ms the oldest waits,
--          then key, since, value of each write}; fence 0: another is the owner
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local state = redis.call('HMGET', KEYS[4], 'owner', 'fence', 'until', 'bytes')
local fence, is_new = tonumber(state[2]) or 0, 0
if state[1] ~= ARGV[1] then
    local left = (tonumber(state[3]) or 0) - ms
    if state[1] and left > 0 then
        return {0, 0, left, 0, 0, 0, 0}
    end
    fence, is_new = fence + 1, 1
end
redis.call('HSET', KEYS[4], 'owner', ARGV[1], 'fence', fence, 'until', string.format('%.0f', ms + ARGV[2]))
local most = tonumber(ARGV[3])
local oldest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
local reply = {fence, is_new, -1, redis.call('HLEN', KEYS[1]), tonumber(state[4]) or 0, redis.call('HLEN', KEYS[5]), oldest[2] and math.max(0, ms - oldest[2]) or 0}
local line = redis.call('ZRANGE', KEYS[2], 0, most, 'WITHSCORES')
local bytes = 0
for i = 1, #line, 2 do
    local due = tonumber(line[i + 1])
    local value = i < 2 * most and (due <= ms or ARGV[6] == '1') and redis.call('HGET', KEYS[1], line[i])
    if value then
        bytes = bytes + ARGV[5] + #line[i] + #value
    end
    if not value or (i > 1 and bytes > tonumber(ARGV[4])) then
        reply[3] = math.max(0, due - ms)
        break
    end
    reply[#reply + 1] = line[i]
    reply[#reply + 1] = redis.call('ZSCORE', KEYS[3], line[i])
    reply[#reply + 1] = value
end
return reply

-- Keeps a write, in place of a pending one of its key.
-- KEYS  1 values   hash: key -> "sequence:attempts:" and the payload
--       2 due      sorted set: key, by the millisecond at which it is due
--       3 since    sorted set: key, by the millisecond since which it waits
--       4 state    hash: sequence, bytes, owner, fence, until
-- ARGV  1 key  2 payload  3 expected sequence, -1: any  4 delay in ms  5 most pending  6 most bytes  7 overhead of a write in bytes
-- Returns {status, sequence as text}; status 0 added, 1 replaced, 2 full, 3 conflict
-- Sequences are microseconds of the server's clock, or one more than the last where that is later: they grow, also when a replica that did not
-- get the last writes takes over.
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local old = redis.call('HGET', KEYS[1], ARGV[1])
local old_sequence, old_weight = '0', 0
if old then
    local sequence, _, start = string.match(old, '^(%d+):(%d+):()')
    old_sequence = sequence
    old_weight = ARGV[7] + #ARGV[1] + #old - start + 1
end
if ARGV[3] ~= '-1' and ARGV[3] ~= old_sequence then
    return {3, '0'}
end
local state = redis.call('HMGET', KEYS[4], 'sequence', 'bytes')
local bytes = (tonumber(state[2]) or 0) - old_weight + ARGV[7] + #ARGV[1] + #ARGV[2]
if (not old and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5])) or bytes > tonumber(ARGV[6]) then
    return {2, '0'}
end
local sequence = math.max((tonumber(state[1]) or 0) + 1, now[1] * 1000000 + now[2])
local text = string.format('%.0f', sequence)
redis.call('HSET', KEYS[1], ARGV[1], text .. ':0:' .. ARGV[2])
redis.call('HSET', KEYS[4], 'sequence', text, 'bytes', string.format('%.0f', bytes))
if not old then
    redis.call('ZADD', KEYS[2], ms + ARGV[4], ARGV[1])
    redis.call('ZADD', KEYS[3], ms, ARGV[1])
end
return {old and 1 or 0, text}

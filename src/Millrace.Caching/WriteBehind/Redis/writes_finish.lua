-- Says what became of claimed writes. Does nothing for one who is not the owner by the present fencing number.
-- KEYS  1 values  2 due  3 since  4 state; as in writes_append.lua
--       5 dead     hash: key -> "sequence:attempts:since:died:length of the reason:" the reason and the payload
-- ARGV  1 owner  2 fence  3 most dead writes  4 overhead of a write in bytes
--       then for each write: kind (0 done, 1 retry, 2 dead), key, sequence, delay in ms, reason
-- Returns 1; 0: the fencing number is not the present one
local state = redis.call('HMGET', KEYS[4], 'owner', 'fence', 'bytes')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then
    return 0
end
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local bytes = tonumber(state[3]) or 0
for i = 5, #ARGV, 5 do
    local kind, key, sequence, due, reason = ARGV[i], ARGV[i + 1], ARGV[i + 2], ms + ARGV[i + 3], ARGV[i + 4]
    local dead = kind ~= '1' and redis.call('HGET', KEYS[5], key)
    if kind == '0' and dead and tonumber(string.match(dead, '^(%d+):')) <= tonumber(sequence) then
        redis.call('HDEL', KEYS[5], key) -- the source has a newer value
    end
    local value = redis.call('HGET', KEYS[1], key)
    if value then
        local current, attempts, start = string.match(value, '^(%d+):(%d+):()')
        if current ~= sequence then
            redis.call('ZADD', KEYS[2], due, key)
            if kind ~= '1' then
                redis.call('ZADD', KEYS[3], ms, key)
            end
        else
            local payload = string.sub(value, start)
            local dies = kind == '2' and (dead or redis.call('HLEN', KEYS[5]) < tonumber(ARGV[3]))
            if dies then
                local since = string.format('%.0f', redis.call('ZSCORE', KEYS[3], key))
                redis.call('HSET', KEYS[5], key,
                    sequence .. ':' .. (attempts + 1) .. ':' .. since .. ':' .. string.format('%.0f', ms) .. ':' .. #reason .. ':' .. reason .. payload)
            end
            if kind == '0' or dies then
                redis.call('HDEL', KEYS[1], key)
                redis.call('ZREM', KEYS[2], key)
                redis.call('ZREM', KEYS[3], key)
                bytes = bytes - ARGV[4] - #key - #payload
            else
                redis.call('HSET', KEYS[1], key, sequence .. ':' .. (attempts + 1) .. ':' .. payload)
                redis.call('ZADD', KEYS[2], due, key)
            end
        end
    end
end
redis.call('HSET', KEYS[4], 'bytes', string.format('%.0f', bytes))
return 1

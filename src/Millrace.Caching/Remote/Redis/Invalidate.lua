-- Invalidates tags, patterns or everything, and tells every node.
--
-- KEYS[1]  state: a hash of clock (the last stamp given), n (messages published), all and tagfloor (stamps), name (Heartbeat.lua),
--          invalidated and swept (stamps, Sweeping/SweepClaim.lua)
-- KEYS[2]  tags: a sorted set of invalidated tags by stamp
-- KEYS[3]  patterns: the same of patterns
-- KEYS[4]  nodes: a sorted set of nodes by the end of their trust, ms
-- ARGV[1]  the highest stamp that the caller has seen
-- ARGV[2]  PUBLISH, or SPUBLISH on a cluster
-- ARGV[3]  channel
-- ARGV[4]  message
-- ARGV[5]  1: everything
-- ARGV[6]  how many tags are remembered at most
-- ARGV[7]  how many patterns are remembered at most
-- ARGV[8]  how many of the following are tags
-- ARGV[9…] tags, then patterns
--
-- Returns  {stamp, n, node, ms left, node, ms left, …} of the nodes that are trusted now

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', KEYS[1], 'clock') or '0')
local stamp = math.max(time[1] * 1000000 + time[2], last + 1, tonumber(ARGV[1]) + 1)
local score = string.format('%.0f', stamp)
redis.call('HSET', KEYS[1], 'clock', score, 'invalidated', score)
if ARGV[5] == '1' then
  redis.call('HSET', KEYS[1], 'all', score)
  redis.call('DEL', KEYS[2], KEYS[3])
end

local tags = tonumber(ARGV[8])
for i = 9, #ARGV do
  redis.call('ZADD', i < 9 + tags and KEYS[2] or KEYS[3], score, ARGV[i])
end

-- Beyond the bounds the oldest go, and what is older than the youngest of them counts as invalid: more misses, never a stale value.
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[6])
if over > 0 then
  over = over + math.floor(tonumber(ARGV[6]) / 8)
  local youngest = redis.call('ZRANGE', KEYS[2], over - 1, over - 1, 'WITHSCORES')
  redis.call('HSET', KEYS[1], 'tagfloor', string.format('%.0f', tonumber(youngest[2])))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
end

over = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[7])
if over > 0 then
  over = over + math.floor(tonumber(ARGV[7]) / 8)
  local youngest = redis.call('ZRANGE', KEYS[3], over - 1, over - 1, 'WITHSCORES')
  redis.call('HSET', KEYS[1], 'all', string.format('%.0f', tonumber(youngest[2])))
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, over - 1)
end

local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call(ARGV[2], ARGV[3], n .. ' ' .. score .. ' ' .. ARGV[4])

local result = {score, n}
local nodes = redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. now, '+inf', 'WITHSCORES')
for i = 1, #nodes, 2 do
  result[#result + 1] = nodes[i]
  result[#result + 1] = math.ceil(tonumber(nodes[i + 1]) - now)
end

return result

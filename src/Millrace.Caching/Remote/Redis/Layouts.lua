-- Tells the server which servers this node shares the keys among (its layout), and the node which other layouts are in use or have been.
--
-- KEYS[1]  layouts: a hash; of each layout from when on every node that was trusted when it came into use has heard of it, and until when it is in
--          use, both ms; '' stands for those that were forgotten
-- KEYS[2]  nodes
-- ARGV[1]  this node's layout
-- ARGV[2]  how long it is in use without being told again, ms
-- ARGV[3]  how many layouts are remembered at most
--
-- Returns  {now in ms, ms until all have heard of this node's, layout, ms until its end (negative: since), layout, …} of all others

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function read(text)
  local known, ends = string.match(text or '', '^(%d+) (%d+)$')
  return tonumber(known or '0'), tonumber(ends or '0')
end

local known, ends = read(redis.call('HGET', KEYS[1], ARGV[1]))
if ends <= now then
  -- It comes into use. Trust that is given from now on is given to nodes that ask what is in use.
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  known = math.max(now, tonumber(last[2] or '0'))
end

redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f', known, math.max(ends, now + tonumber(ARGV[2]))))

local all = redis.call('HGETALL', KEYS[1])
while #all > 2 * tonumber(ARGV[3]) do
  local oldest, first = nil, math.huge
  for i = 1, #all, 2 do
    local _, ends = read(all[i + 1])
    if all[i] ~= '' and all[i] ~= ARGV[1] and ends < first then
      oldest, first = all[i], ends
    end
  end

  local _, forgotten = read(redis.call('HGET', KEYS[1], ''))
  redis.call('HDEL', KEYS[1], oldest)
  redis.call('HSET', KEYS[1], '', string.format('0 %.0f', math.max(first, forgotten)))
  all = redis.call('HGETALL', KEYS[1])
end

local result = {now, math.max(0, known - now)}
for i = 1, #all, 2 do
  if all[i] ~= ARGV[1] then
    local _, ends = read(all[i + 1])
    result[#result + 1] = all[i]
    result[#result + 1] = ends - now
  end
end

return result

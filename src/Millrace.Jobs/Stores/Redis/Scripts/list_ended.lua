-- The jobs of a terminal state that ended first.
-- ARGV  2 state  3 most jobs
-- Returns  {now, how many there are, end, id, …}
local reply = {string.format('%.0f', now), redis.call('ZCARD', ended[tonumber(ARGV[2])])}
local found = redis.call('ZRANGE', ended[tonumber(ARGV[2])], 0, ARGV[3] - 1, 'WITHSCORES')
for i = 1, #found, 2 do
  reply[#reply + 1] = found[i + 1]
  reply[#reply + 1] = string.sub(found[i], 20)
end
return reply

-- Lists the queue's workers.
-- Returns  of each: worker, end of its lease, started, lease and who it is, how many jobs it holds
local held, reply = {}, {}
local all = redis.call('HGETALL', running)
for i = 1, #all, 2 do
  local stop = string.find(all[i + 1], ';', 1, true)
  local length = math.max(numbers(all[i + 1], stop)[11], 0)
  local worker = string.sub(all[i + 1], stop + 1 + length)
  held[worker] = (held[worker] or 0) + 1
end
local line_of = redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES')
for i = 1, #line_of, 2 do
  for _, part in ipairs({line_of[i], line_of[i + 1], redis.call('HGET', workers, line_of[i]) or '', held[line_of[i]] or 0}) do
    reply[#reply + 1] = part
  end
end
return reply

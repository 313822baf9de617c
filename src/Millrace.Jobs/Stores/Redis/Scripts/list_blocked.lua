-- Jobs that have been blocked for long, with those that they still wait for.
-- ARGV  2 for how many ms at least  3 how many to pass over  4 most
-- Returns  {how many were looked at, id, queue and id of one that it waits for, …}
local reply = {0}
for _, text in ipairs(redis.call('ZRANGEBYSCORE', blocked, '-inf', string.format('%.0f', now - ARGV[2]), 'LIMIT', ARGV[3], ARGV[4])) do
  local id = string.sub(text, 20)
  reply[1] = reply[1] + 1
  for queue, other in string.gmatch(string.match(redis.call('HGET', links, id) or '', ';(.*)$') or '', '([^%z]*)%z([^%z]*)%z') do
    if redis.call('HGET', links, table.concat({id, '\0', queue, '\0', other})) == '' then
      reply[#reply + 1] = id
      reply[#reply + 1] = queue
      reply[#reply + 1] = other
    end
  end
end
return reply

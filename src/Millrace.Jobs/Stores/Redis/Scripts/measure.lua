-- Looks whether the queue has room for new jobs.
-- ARGV  2 most pending jobs  then the ids
-- Returns  {1 if there is none, ids that are there already}
local state = redis.call('HGET', meta, 'stale')
local count, reply = redis.call('LLEN', line) - (tonumber(state) or 0) + redis.call('ZCARD', ready) + redis.call('ZCARD', later) + redis.call('ZCARD', blocked) + redis.call('ZCARD', grouped), {0}
local room, new = tonumber(ARGV[2]) - count, 0
for i = 3, #ARGV do
  if redis.call('HEXISTS', jobs, ARGV[i]) == 1 then
    reply[#reply + 1] = ARGV[i]
  else
    new = new + 1
  end
end
reply[1] = new > 0 and new > room and 1 or 0
return reply

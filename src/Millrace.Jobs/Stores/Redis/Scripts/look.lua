-- Looks again at jobs of this queue that others wait for: whoever was not told of an end, because a server lost it, is told now.
-- ARGV  2 … of each: id, queue and id of the one that waits
-- Returns  1 if another queue has to be told
local busy = redis.call('EXISTS', outbox) == 1
for i = 2, #ARGV, 3 do
  local id, queue, other = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HEXISTS', jobs, id) == 0 then
    if not busy then -- else what is on its way may say how it ended
      tell_all(queue, other, own, id, 5)
    end
  else
    redis.call('ZADD', before, 0, table.concat({id, '\0', queue, '\0', other}))
    has_before = true
    local past = redis.call('HEXISTS', running, id) == 0 and read_history(id)
    if past and past.state > 2 then
      tell_all(queue, other, own, id, past.state, past.state == 3 and past.result or nil)
    end
  end
end
return told and 1 or 0

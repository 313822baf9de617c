-- When there will be a job to claim; who asks is going to sleep until then, or until woken.
-- Returns  {now, due}; due 0: there is one now, -1: none in sight
local state = redis.call('HMGET', meta, 'paused', 'stale', 'full', 'blocked', 'grouped')
local due = -1
if state[1] ~= '1' and not state[3] then
  local next_group = state[5] and tonumber(redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2])
  if next_group and next_group < 2 ^ 50 or redis.call('ZCARD', ready) > 0 or redis.call('LLEN', line) > (tonumber(state[2]) or 0) then
    due = 0
  else
    local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')
    due = first[2] and tonumber(first[2]) or -1
    if next_group and (due < 0 or next_group - 2 ^ 50 < due) then
      due = next_group - 2 ^ 50
    end
  end
end
local blocked = tonumber(state[4]) or 0
if due >= 0 and blocked > now then
  due = math.max(due, blocked)
end
if due ~= 0 then
  redis.call('HSET', meta, 'asleep', '1')
end
return {string.format('%.0f', now), string.format('%.0f', due)}

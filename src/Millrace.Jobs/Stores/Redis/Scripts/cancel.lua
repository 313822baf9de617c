-- Cancels a pending or blocked job, asks the worker of a running one to stop it.
-- ARGV  2 id
-- Returns  0 not found, 1 cancelled, 2 asked, 3 has ended already; 11 cancelled, and another queue has to be told
local id = ARGV[2]
local head = read_head(redis.call('HGET', jobs, id))
if not head then
  return 0
end
local text = redis.call('HGET', running, id)
if text then
  local run = read_run(id, text)
  run.cancel = 1
  redis.call('HSET', running, id, write_run(run))
  return 2
end
local past = read_history(id)
if past and past.state > 2 then
  return 3
end
local key, place, due = find_pending(id, head, past)
if not key then
  return 0
end
take_pending(id, key, place)
past = past or {attempt = 0, inverted = head.inverted, started = -1, progress = 0, token = 0}
past.state, past.due, past.finished = 5, due, now
write_history(id, past)
release_unique(id, head.flags)
redis.call('ZADD', ended[5], string.format('%.0f', now), member(head.seq, past.inverted, false, id))
end_links(id, 5)
return told and 11 or 1

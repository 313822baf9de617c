-- Puts dead jobs back in line.
-- ARGV  2 how much more priority  then the ids
-- Returns  the ids that were replayed
local replayed = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local head, past = read_head(redis.call('HGET', jobs, id)), read_history(id)
  if head and past and past.state == 4 and redis.call('ZREM', ended[4], member(head.seq, past.inverted, false, id)) == 1 then
    past.inverted = math.max(past.inverted - ARGV[2], 0)
    past.state, past.attempt, past.due, past.finished = 1, 0, now, -1
    write_history(id, past)
    add_ready(member(head.seq, past.inverted, false, id), past.inverted, now)
    replayed[#replayed + 1] = id
  end
end
if #replayed > 0 then
  wake()
end
return replayed

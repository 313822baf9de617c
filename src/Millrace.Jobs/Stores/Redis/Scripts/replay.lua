-- Puts dead jobs back in line.
-- ARGV  2 how much more priority  then the ids
-- Returns  the ids that were replayed
local replayed = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local head, past = read_head(redis.call('HGET', jobs, id)), read_history(id)
  local how, key
  if head and has_unique(head.flags) then
    how, key = unique_of(redis.call('HGET', jobs, id))
  end
  local is_free = not key or how == 'T' or not holder_of(key)
  if is_free and head and past and past.state == 4 and redis.call('ZREM', ended[4], member(head.seq, past.inverted, false, id)) == 1 then
    if key and how ~= 'T' then
      redis.call('HSET', unique, key, how .. ',' .. id)
    end
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

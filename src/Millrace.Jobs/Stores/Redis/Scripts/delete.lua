-- Removes jobs that are not running.
-- ARGV  2 only this state; empty: any   then the ids
-- Returns  the ids that were removed; then an empty one if another queue has to be told
local removed = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local head = read_head(redis.call('HGET', jobs, id))
  if head and redis.call('HEXISTS', running, id) == 0 then
    local past = read_history(id)
    local state = past and past.state or 1
    if ARGV[2] == '' or tonumber(ARGV[2]) == state then
      if state > 2 then
        redis.call('ZREM', ended[state], member(head.seq, past.inverted, false, id))
      else
        local key, place = find_pending(id, head, past)
        if key then
          take_pending(id, key, place)
        end
      end
      end_links(id, 5)
      remove_links(id, head.flags)
      remove_job(id, head)
      removed[#removed + 1] = id
    end
  end
end
if told then
  removed[#removed + 1] = ''
end
return removed

-- Stores a flow, or one of this queue's shares of it: jobs, and who waits for which job of this queue.
--
-- ARGV  2 the flow's name; empty: it comes once, as a whole  3 the share's number, by which one that comes again is known  4 most pending jobs; empty: no limit
--       5 how many jobs the flow has in this queue  6 how many come now; each: as in _enqueue.lua, its place among those of the queue from 0, its condition,
--       how many it waits for, and their queues and ids
--       then how many links; each: id of the job here, queue and id of the one that waits for it
-- Returns  {0 or -1: the queue is full, 1 if another queue has to be told, ids that were there already}

local flow, share = ARGV[2], ARGV[2] .. '\0' .. ARGV[3]
if flow ~= '' then
  local known = redis.call('ZSCORE', inbox, share)
  redis.call('ZADD', inbox, string.format('%.0f', now), share) -- one that is known too: who waits for replicas is to wait for it
  if known then
    return {0, 0}
  end
end
begin_enqueue()
local at, new, reply = 7, {}, {0, 0}
for i = 1, tonumber(ARGV[6]) do
  local id = ARGV[at]
  if seen[id] or redis.call('HEXISTS', jobs, id) == 1 then
    reply[#reply + 1] = id
  else
    seen[id] = true
    new[#new + 1] = at
  end
  at = at + 8 + 2 * ARGV[at + 7]
end
if ARGV[4] ~= '' and #new > 0 and pending + #new > tonumber(ARGV[4]) then
  return {-1, 0}
end

-- Jobs keep the order of their flow also when they come in several shares; what comes later cannot stand in the line then, which is in order.
local mark = '\0' .. flow
local base = tonumber(redis.call('HGET', links, mark) or '')
local highest, ordered = seq, last
if base then
  last = math.huge
  redis.call('HDEL', links, mark)
elseif #new > 0 then
  base = seq
  highest = seq + ARGV[5]
  if tonumber(ARGV[6]) < tonumber(ARGV[5]) and ARGV[3] == '1' then
    redis.call('HSET', links, mark, string.format('%.0f', base)) -- the others come with the third share
  end
end

local function add_blocked(first)
  local id, body, count = ARGV[first], ARGV[first + 4], tonumber(ARGV[first + 7])
  seq = seq + 1
  local a, b = string.byte(body, 1, 2)
  body = struct.pack('>dd', seq, now) .. body
  note_group(body)
  redis.call('HSET', jobs, id, body)
  redis.call('ZADD', blocked, string.format('%.0f', now), member(seq, a * 256 + b, false, id))
  local names = {}
  for i = first + 8, first + 7 + 2 * count, 2 do
    names[#names + 1] = table.concat({ARGV[i], '\0', ARGV[i + 1], '\0'})
    redis.call('HSET', links, table.concat({id, '\0', ARGV[i], '\0', ARGV[i + 1]}), '')
  end
  redis.call('HSET', links, id, table.concat({ARGV[first + 6], ',', ARGV[first + 1], ';', table.concat(names)}), id .. '\0', count .. ',0')
  for tag in string.gmatch(ARGV[first + 2], '[^%z]+') do
    redis.call('ZADD', tags, 0, tag .. '\0' .. member(seq, 0, false, id))
  end
end

for _, first in ipairs(new) do
  seq = base + ARGV[first + 5]
  if ARGV[first + 7] ~= '0' then
    add_blocked(first)
  else
    add(ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4])
  end
end
seq = highest
last = last == math.huge and ordered or last
end_enqueue()

-- Whoever waits for a job that has ended, or is not here, learns so now.
at = at + 1
for i = 1, tonumber(ARGV[at - 1]) do
  local id, queue, other = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local past = redis.call('HEXISTS', jobs, id) == 1 and (read_history(id) or {state = 1})
  if past then
    redis.call('ZADD', before, 0, table.concat({id, '\0', queue, '\0', other}))
    has_before = true
  end
  local state = past and past.state or 5
  if state > 2 and (not past or redis.call('HEXISTS', running, id) == 0) then
    tell_all(queue, other, own, id, state, state == 3 and past.result or nil)
  end
  at = at + 3
end
reply[2] = told and 1 or 0
return reply

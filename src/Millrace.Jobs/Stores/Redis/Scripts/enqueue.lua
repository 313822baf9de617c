-- Stores the jobs of several requests, each request whole or not at all.
--
-- ARGV  then of each group: kind, most pending jobs, how many jobs, the jobs.
--       f  one request: the jobs as _enqueue.lua tells
--       p  one request of plain jobs, which are due now, of priority 0, without tags or a unique key: their ids, then their bodies without seq and created
--       s  as many requests as there are plain jobs, one of each: as p
-- Returns  of each group: -1 the queue is full; else the jobs that were not stored, as enqueue() tells; with s, those below zero found the queue full

-- Stores plain jobs; 'each': every one for itself, else all or none.
local function enqueue_plain(first, count, most, each)
  local fresh, kept_out, added = {}, {}, 0
  for from = 0, count - 1, 1000 do
    local size = math.min(1000, count - from)
    local found = redis.call('HMGET', jobs, unpack(ARGV, first + from, first + from + size - 1))
    for i = 1, size do
      local place = from + i
      local id = ARGV[first + place - 1]
      if found[i] or seen[id] then
        kept_out[#kept_out + 1] = tostring(place)
      elseif each and pending + added >= most then
        kept_out[#kept_out + 1] = tostring(-place)
      else
        added = added + 1
        fresh[added], seen[id] = place, true
      end
    end
  end
  if not each and added > 0 and pending + added > most then
    for i = 1, added do
      seen[ARGV[first + fresh[i] - 1]] = nil
    end
    return -1
  end
  pending = pending + added
  if now < last or stale > 0 then
    for i = 1, added do
      add(ARGV[first + fresh[i] - 1], '0', '', '', ARGV[first + count + fresh[i] - 1])
    end
    return kept_out
  end
  local created, filled, lined = struct.pack('>d', now), #stored, #waiting
  for i = 1, added do
    local at = first + fresh[i] - 1
    local id = ARGV[at]
    seq = seq + 1
    stored[filled + 1], stored[filled + 2] = id, struct.pack('>d', seq) .. created .. ARGV[at + count]
    waiting[lined + i], filled = id, filled + 2
  end
  if added > 0 then
    last, woken = now, true
  end
  return kept_out
end

begin_enqueue()
local reply, at = {}, 2
while at <= #ARGV do
  local kind, most, count = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if kind == 'f' then
    reply[#reply + 1] = enqueue(at + 3, count, most) or -1
    at = at + 3 + 5 * count
  else
    reply[#reply + 1] = enqueue_plain(at + 3, count, most, kind == 's')
    at = at + 3 + 2 * count
  end
end
end_enqueue()
return reply

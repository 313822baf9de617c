-- Stands behind _keys.lua in scripts that store new jobs.
-- Each job is four arguments: id; when (0: now; a number: in so many ms; @ and a number: at that time); tags (each ended by a zero byte); the body
-- without seq and created.

local pending, stale, last, asleep, seq
local stored, waiting, seen, woken = {}, {}, {}, false

local function begin_enqueue()
  local state = redis.call('HMGET', meta, 'stale', 'last', 'asleep', 'seq')
  stale, last, asleep, seq = tonumber(state[1]) or 0, tonumber(state[2]) or 0, state[3], tonumber(state[4]) or 0
  pending = redis.call('LLEN', line) - stale + redis.call('ZCARD', ready) + redis.call('ZCARD', later)
end

local function add(id, wait, marks, body)
  local due = now
  if wait ~= '0' then
    due = string.sub(wait, 1, 1) == '@' and math.max(now, tonumber(string.sub(wait, 2))) or now + tonumber(wait)
  end
  seq = seq + 1
  local a, b = string.byte(body, 1, 2)
  local inverted = a * 256 + b
  stored[#stored + 1] = id
  stored[#stored + 1] = struct.pack('>dd', seq, now) .. body
  if due > now then
    local text = string.format('%014.0f%04.0f0', seq, inverted) .. id
    redis.call('ZADD', later, string.format('%.0f', due), text)
    woken = woken or (asleep and redis.call('ZRANGE', later, 0, 0)[1] == text)
  elseif inverted == 1000 and now >= last and (stale == 0 or redis.call('HEXISTS', gone, id) == 0) then
    waiting[#waiting + 1] = id
    last, woken = now, true
  else
    redis.call('ZADD', ready, string.format('%.0f', inverted * 4398046511104 + due), string.format('%014.0f%04.0f0', seq, inverted) .. id)
    woken = true
  end
  for tag in string.gmatch(marks, '[^%z]+') do
    redis.call('ZADD', tags, 0, tag .. '\0' .. string.format('%014.0f00000', seq) .. id)
  end
end

-- Stores the jobs that the arguments from 'first' on tell of: all or none. Returns null when the queue has no room for them, else the positions, from 1,
-- of those that were there or came twice.
local function enqueue(first, count, most)
  local existing, added = {}, {}
  for i = 1, count do
    local id = ARGV[first + 4 * (i - 1)]
    if seen[id] or redis.call('HEXISTS', jobs, id) == 1 then
      existing[#existing + 1] = i
    else
      seen[id] = true
      added[#added + 1] = first + 4 * (i - 1)
    end
  end
  if #added > 0 and pending + #added > most then
    for _, at in ipairs(added) do
      seen[ARGV[at]] = nil
    end
    return nil
  end
  for _, at in ipairs(added) do
    add(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  end
  pending = pending + #added
  return existing
end

local function end_enqueue()
  if #stored == 0 then
    return
  end
  for first = 1, #stored, 2000 do
    redis.call('HSET', jobs, unpack(stored, first, math.min(first + 1999, #stored)))
  end
  for first = 1, #waiting, 2000 do
    redis.call('RPUSH', line, unpack(waiting, first, math.min(first + 1999, #waiting)))
  end
  redis.call('HSET', meta, 'seq', string.format('%.0f', seq), 'last', string.format('%.0f', last))
  if woken and asleep then
    redis.call('HDEL', meta, 'asleep')
    redis.call('PUBLISH', meta .. ':wake', '')
  end
end

-- Stands behind _jobs.lua in scripts that store new jobs.
-- Each job is five arguments: id; when (0: now; a number: in so many ms; @ and a number: at that time); tags (each ended by a zero byte); its unique key
-- (empty: none; else E, S or T as in _keys.lua, 1 to replace or 0, for how many ms it is held, colon, key); the body without seq and created.

local pending, stale, last, asleep, seq
local stored, waiting, seen, woken = {}, {}, {}, false

local function begin_enqueue()
  local state = redis.call('HMGET', meta, 'stale', 'last', 'asleep', 'seq')
  stale, last, asleep, seq = tonumber(state[1]) or 0, tonumber(state[2]) or 0, state[3], tonumber(state[4]) or 0
  pending = redis.call('LLEN', line) - stale + redis.call('ZCARD', ready) + redis.call('ZCARD', later) + redis.call('ZCARD', blocked) + redis.call('ZCARD', grouped)
end

local function put_later(text, due)
  redis.call('ZADD', later, string.format('%.0f', due), text)
  woken = woken or (asleep and redis.call('ZRANGE', later, 0, 0)[1] == text)
end

local function add(id, wait, marks, hold, body)
  local due = due_of(wait)
  seq = seq + 1
  local a, b = string.byte(body, 1, 2)
  local inverted = a * 256 + b
  body = struct.pack('>dd', seq, now) .. body
  note_group(body)
  local group = group_of(body)
  if hold == '' then
    stored[#stored + 1] = id
    stored[#stored + 1] = body
  else
    redis.call('HSET', jobs, id, body)
    local how, period, key = string.match(hold, '^(%a)%d(%d*):(.*)$')
    local till = how == 'T' and string.format('%.0f', now + period) or ''
    redis.call('HSET', unique, key, how .. till .. ',' .. id)
    if how == 'T' then
      redis.call('ZADD', elapsing, till, key)
    end
  end
  if due > now then
    put_later(member(seq, inverted, false, id), due)
  elseif group then
    add_grouped(group, member(seq, inverted, false, id), score(inverted, due), due)
    woken = true
  elseif inverted == 1000 and now >= last and (stale == 0 or redis.call('HEXISTS', gone, id) == 0) then
    waiting[#waiting + 1] = id
    last, woken = now, true
  else
    redis.call('ZADD', ready, string.format('%.0f', score(inverted, due)), member(seq, inverted, false, id))
    woken = true
  end
  for tag in string.gmatch(marks, '[^%z]+') do
    redis.call('ZADD', tags, 0, tag .. '\0' .. member(seq, 0, false, id))
  end
end

-- Gives the holder of a unique key the payload, metadata and due time of a job that it keeps out; not once it was claimed.
local function replace(holder, wait, body)
  local old = redis.call('HGET', jobs, holder)
  local head = read_head(old)
  if not head or redis.call('HEXISTS', history, holder) == 1 then
    return
  end
  local key, text = find_pending(holder, head, nil)
  if not key then
    return
  end
  take_pending(holder, key, text)
  if key == 'line' then
    stale = stale + 1
  end
  local _, _, mine = unique_of(old)
  local bare = string.rep(' ', 16) .. body
  local _, _, theirs = unique_of(bare)
  mine, theirs = select(2, group_of(old)) or mine, select(2, group_of(bare)) or theirs
  mine = mine + 2 + string.byte(old, mine) * 256 + string.byte(old, mine + 1)
  theirs = theirs - 16
  theirs = theirs + 2 + string.byte(body, theirs) * 256 + string.byte(body, theirs + 1)
  redis.call('HSET', jobs, holder, string.sub(old, 1, mine - 1) .. string.sub(body, theirs))
  local due = due_of(wait)
  text = member(head.seq, head.inverted, false, holder)
  if due > now then
    put_later(text, due)
  else
    add_ready(text, head.inverted, due)
    woken = true
  end
end

-- Stores the jobs that the arguments from 'first' on tell of: all or none. Returns null when the queue has no room for them; else, of those that were not
-- stored, the position from 1 on, and behind a colon the holder of the unique key that kept it out.
local function enqueue(first, count, most)
  local kept_out, holders, keys, added = {}, {}, {}, 0
  for i = 1, count do
    local at = first + 5 * (i - 1)
    local id, key = ARGV[at], string.match(ARGV[at + 3], '^%a%d+:(.*)$')
    if seen[id] or redis.call('HEXISTS', jobs, id) == 1 then
      kept_out[#kept_out + 1] = tostring(i)
      holders[i] = false
    else
      holders[i] = key and (holder_of(key) or keys[key]) or nil
      if holders[i] then
        kept_out[#kept_out + 1] = i .. ':' .. holders[i]
      else
        seen[id] = true
        added = added + 1
        if key then
          keys[key] = id
        end
      end
    end
  end
  if added > 0 and pending + added > most then
    for i = 1, count do
      if holders[i] == nil then
        seen[ARGV[first + 5 * (i - 1)]] = nil
      end
    end
    return nil
  end
  for i = 1, count do
    local at = first + 5 * (i - 1)
    if holders[i] == nil then
      add(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
    elseif holders[i] and string.sub(ARGV[at + 3], 2, 2) == '1' then
      replace(holders[i], ARGV[at + 1], ARGV[at + 4])
    end
  end
  pending = pending + added
  return kept_out
end

local function end_enqueue()
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

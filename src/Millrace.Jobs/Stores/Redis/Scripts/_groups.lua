-- Stands between _keys.lua and _jobs.lua: the groups of the queue, which take turns as GroupRing specifies. A job that has a group stands in no line but its
-- group's, which is a part of 'lines'; so nobody passes over the jobs of others. A group has a place in 'turns' for as long as it has ready jobs, but not
-- while it is at its limit; what it has in 'counts' goes with its last running job, and when its bucket is full again.

local resting = 1125899906842624 -- 2^50

-- Whether the queue ever had a job with a group; looked up once.
local has_groups
local function any_groups()
  if has_groups == nil then
    has_groups = redis.call('HEXISTS', meta, 'grouped') == 1
  end
  return has_groups
end

-- The group of a job; null for none. And the first byte behind it.
local function group_of(body)
  local flags = body and string.byte(body, 21) or 0
  if flags < 8 then
    return nil
  end
  local at = 23
  for _ = 1, string.byte(body, 22) do
    at = at + 2 + string.byte(body, at) * 256 + string.byte(body, at + 1)
  end
  if math.floor(flags / 2) % 2 == 1 then
    at = at + 3 + string.byte(body, at + 1) * 256 + string.byte(body, at + 2)
  end
  local length = string.byte(body, at) * 256 + string.byte(body, at + 1)
  return string.sub(body, at + 2, at + 1 + length), at + 2 + length
end

-- Takes note that the queue has a job with a group.
local function note_group(body)
  if not has_groups and string.byte(body, 21) >= 8 then
    redis.call('HSET', meta, 'grouped', '1')
    has_groups = true
  end
end

-- A job in its group's line, of what is its member in 'grouped'.
local function line_member(group, text, due)
  return table.concat({group, '\0', string.sub(text, 15, 18), string.format('%014.0f', due), text})
end

-- The first job of a group; null when none is ready.
local function first_of(group)
  return redis.call('ZRANGEBYLEX', lines, '[' .. group .. '\0', '(' .. group .. '\1', 'LIMIT', 0, 1)[1]
end

-- A group goes behind all others.
local function go_last(group)
  redis.call('ZADD', turns, redis.call('HINCRBY', meta, 'turn', 1), group)
end

local function enter(group)
  if not redis.call('ZSCORE', turns, group) then
    go_last(group)
    return true
  end
  return false
end

local function add_grouped(group, text, place, due)
  redis.call('ZADD', grouped, string.format('%.0f', place), text)
  redis.call('ZADD', lines, 0, line_member(group, text, due))
  enter(group)
end

local function take_grouped(group, text, due)
  redis.call('ZREM', grouped, text)
  redis.call('ZREM', lines, line_member(group, text, due))
  if not first_of(group) then
    redis.call('ZREM', turns, group)
  end
end

-- A job with a group runs no longer. True when its group has a place again.
local function end_in_group(id)
  local group = group_of(redis.call('HGET', jobs, id))
  if not group then
    return false
  end
  if tonumber(redis.call('ZINCRBY', counts, 1, 'r' .. group)) >= 0 then
    redis.call('ZREM', counts, 'r' .. group)
  end
  return first_of(group) and enter(group)
end

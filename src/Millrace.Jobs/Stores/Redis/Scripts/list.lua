-- A page of the jobs of one state, in the order of JobQuery.
--
-- ARGV  2 state  3, 4, 5 the place behind which the page begins: see ListPlace  6 most jobs
-- Returns  see _read.lua

local state, first, second, after, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local ids = {}

-- Goes up a sorted set from a score on, and calls 'take' with each member behind the place until it says stop.
local function go_up(key, from, take)
  local offset = 0
  while true do
    local found = redis.call('ZRANGEBYSCORE', key, string.format('%.0f', from), '+inf', 'WITHSCORES', 'LIMIT', offset, most)
    for i = 1, #found, 2 do
      local seq, at = tonumber(string.sub(found[i], 1, 14)), tonumber(found[i + 1])
      if (at > from or seq > after) and not take(string.sub(found[i], 20), at, seq) then
        return
      end
    end
    if #found < 2 * most then
      return
    end
    offset = offset + most
  end
end

local function list_running()
  local order = {}
  local all = redis.call('HGETALL', running)
  for i = 1, #all, 2 do
    local run = read_run(all[i], all[i + 1])
    if run and (run.started > first or (run.started == first and run.seq > after)) then
      order[#order + 1] = {run.started, run.seq, all[i]}
    end
  end
  table.sort(order, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
  for i = 1, math.min(most, #order) do
    ids[i] = order[i][3]
  end
end

-- Items of the line, in order; each has an id that counts, and its head.
local length = redis.call('LLEN', line)
local function item(index)
  while index < length do
    local id = redis.call('LINDEX', line, index)
    local head = redis.call('HEXISTS', gone, id) == 0 and read_head(redis.call('HGET', jobs, id))
    if head then
      return id, head, index
    end
    index = index + 1
  end
  return nil
end

-- The index of the first item behind the place: due times and sequences grow along the line.
local function start_of_line()
  if first < 0 then
    return 0
  elseif first > 0 then
    return length
  end
  local low, high = 0, length
  while low < high do
    local middle = math.floor((low + high) / 2)
    local _, head, index = item(middle)
    if not head or head.created > second or (head.created == second and head.seq > after) then
      high = middle
    else
      low = index + 1
    end
  end
  return low
end

local function list_waiting()
  local index = start_of_line()
  local id, head
  id, head, index = item(index)
  local function take_line(before, seq)
    while #ids < most and id do
      local mine = score(head.inverted, head.created)
      if mine > before or (mine == before and head.seq > seq) then
        return
      end
      ids[#ids + 1] = id
      id, head, index = item(index + 1)
    end
  end
  local found = {}
  for _, key in ipairs({ready, grouped}) do
    local count = 0
    go_up(key, score(1000 + first, second), function(job, at, seq)
      found[#found + 1], count = {job, at, seq}, count + 1
      return count < most
    end)
  end
  table.sort(found, function(a, b) return a[2] < b[2] or (a[2] == b[2] and a[3] < b[3]) end)
  for _, one in ipairs(found) do
    take_line(one[2], one[3])
    if #ids < most then
      ids[#ids + 1] = one[1]
    end
  end
  take_line(math.huge, 0)
end

local function list_by_score(key)
  go_up(key, first, function(found)
    ids[#ids + 1] = found
    return #ids < most
  end)
end

local function list_ended()
  local offset = 0
  while #ids < most do
    local found = redis.call('ZREVRANGEBYSCORE', ended[state], string.format('%.0f', -first), '-inf', 'WITHSCORES', 'LIMIT', offset, most)
    for i = 1, #found, 2 do
      if #ids < most and (tonumber(found[i + 1]) < -first or tonumber(string.sub(found[i], 1, 14)) < -after) then
        ids[#ids + 1] = string.sub(found[i], 20)
      end
    end
    if #found < 2 * most then
      return read_jobs(ids)
    end
    offset = offset + most
  end
end

if state == 2 then
  list_running()
elseif state == 1 then
  list_waiting()
elseif state == 0 then
  list_by_score(later)
elseif state == 6 then
  list_by_score(blocked)
else
  list_ended()
end
return read_jobs(ids)

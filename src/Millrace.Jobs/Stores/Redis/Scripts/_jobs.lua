-- Stands behind _keys.lua in scripts that read jobs one by one.

-- What orders a job among its like: the order of enqueue, the inverted priority, and whether it has failed before.
local function member(seq, inverted, retrying, id)
  return string.format('%014.0f%04.0f%s', seq, inverted, retrying and '1' or '0') .. id
end

local function score(inverted, due)
  return inverted * 4398046511104 + due
end

local function numbers(text, stop)
  local found = {}
  for number in string.gmatch(string.sub(text, 1, stop - 1), '-?%d+') do
    found[#found + 1] = tonumber(number)
  end
  return found
end

-- The head of a job: what scripts read of it. Null when there is no such job, or nothing that could be one.
local function read_head(body)
  if not body or #body < 21 then
    return nil
  end
  local seq, created = struct.unpack('>dd', body)
  local a, b, c, d, flags = string.byte(body, 17, 21)
  return {seq = seq, created = created, inverted = a * 256 + b, most = c * 256 + d, flags = flags}
end

-- token, flags, attempt (0: the first, from the line), inverted, due, seq, most, started, cancel, progress, length of message; message, worker
local function write_run(run)
  return table.concat({
    string.format('%.0f', run.token), run.flags, run.attempt, run.inverted, string.format('%.0f', run.due), string.format('%.0f', run.seq), run.most,
    string.format('%.0f', run.started), run.cancel, run.progress, run.message and #run.message or -1}, ',') .. ';' .. (run.message or '') .. run.worker
end

local function read_run(id, text)
  local stop = string.find(text, ';', 1, true)
  local n = numbers(text, stop)
  local length = math.max(n[11], 0)
  local run = {
    token = n[1], flags = n[2], attempt = n[3], inverted = n[4], due = n[5], seq = n[6], most = n[7], started = n[8], cancel = n[9], progress = n[10],
    message = n[11] >= 0 and string.sub(text, stop + 1, stop + length) or nil, worker = string.sub(text, stop + 1 + length)}
  if run.attempt == 0 then
    local head = read_head(redis.call('HGET', jobs, id))
    if not head then
      return nil
    end
    run.attempt, run.inverted, run.due, run.seq, run.most, run.flags = 1, head.inverted, head.created, head.seq, head.most, head.flags
  end
  return run
end

-- state, attempt, inverted, due, started, finished, progress, token, lengths of error, result and message (-1: none); error, result, message
local function write_history(id, past)
  redis.call('HSET', history, id, table.concat({
    past.state, past.attempt, past.inverted, string.format('%.0f', past.due), string.format('%.0f', past.started), string.format('%.0f', past.finished),
    past.progress, string.format('%.0f', past.token), past.error and #past.error or -1, past.result and #past.result or -1,
    past.message and #past.message or -1}, ',') .. ';' .. (past.error or '') .. (past.result or '') .. (past.message or ''))
end

local function read_history(id)
  local text = redis.call('HGET', history, id)
  if not text then
    return nil
  end
  local stop = string.find(text, ';', 1, true)
  local n = numbers(text, stop)
  local at = stop + 1
  local function take(length)
    if length < 0 then
      return nil
    end
    at = at + length
    return string.sub(text, at - length, at - 1)
  end
  return {
    state = n[1], attempt = n[2], inverted = n[3], due = n[4], started = n[5], finished = n[6], progress = n[7], token = n[8],
    error = take(n[9]), result = take(n[10]), message = take(n[11])}
end

-- Wakes those who wait for work. A worker that found too little says that it sleeps; one call wakes all of them.
local function wake()
  if redis.call('HDEL', meta, 'asleep') == 1 then
    redis.call('PUBLISH', meta .. ':wake', '')
  end
end

local function add_ready(member_text, inverted, due)
  local group = any_groups() and group_of(redis.call('HGET', jobs, string.sub(member_text, 20)))
  if group then
    add_grouped(group, member_text, score(inverted, due), due)
    return
  end
  redis.call('ZADD', ready, string.format('%.0f', score(inverted, due)), member_text)
end

-- When a new job is due: 0 is now, a number in so many ms, @ and a number at that time.
local function due_of(wait)
  if wait == '0' then
    return now
  end
  return string.sub(wait, 1, 1) == '@' and math.max(now, tonumber(string.sub(wait, 2))) or now + tonumber(wait)
end

-- Where a pending or blocked job stands: the key ('line' for the line), its member there, and when it is due. Null when it is neither.
local function find_pending(id, head, past)
  local inverted = past and past.inverted or head.inverted
  for _, key in ipairs({head.flags >= 8 and grouped or ready, later}) do
    for _, retrying in ipairs({false, true}) do
      local text = member(head.seq, inverted, retrying, id)
      local place = redis.call('ZSCORE', key, text)
      if place then
        return key, text, key == later and tonumber(place) or tonumber(place) - score(inverted, 0)
      end
    end
  end
  if head.flags >= 4 then
    local text = member(head.seq, head.inverted, false, id)
    if redis.call('ZSCORE', blocked, text) then
      return blocked, text, head.created
    end
  end
  if not past and head.flags < 8 and redis.call('HEXISTS', running, id) == 0 then
    return 'line', id, head.created
  end
  return nil
end

-- Takes a pending job out of where it stands.
local function take_pending(id, key, text)
  if key == 'line' then
    redis.call('HINCRBY', gone, id, 1)
    redis.call('HINCRBY', meta, 'stale', 1)
    return
  end
  if key == grouped then
    take_grouped(group_of(redis.call('HGET', jobs, id)), text, tonumber(redis.call('ZSCORE', grouped, text)) - score(tonumber(string.sub(text, 15, 18)), 0))
    return
  end
  redis.call('ZREM', key, text)
  if key == later and string.sub(text, 19, 19) == '1' then
    redis.call('HINCRBY', meta, 'retrying', -1)
  end
end

-- Calls redis with a list of any length behind the key.
local function call_many(command, key, list)
  for first = 1, #list, 1000 do
    redis.call(command, key, unpack(list, first, math.min(first + 999, #list)))
  end
end

local function remove_tags(id, head)
  local body = redis.call('HGET', jobs, id)
  local count, at = string.byte(body, 22), 23
  for _ = 1, count do
    local length = string.byte(body, at) * 256 + string.byte(body, at + 1)
    redis.call('ZREM', tags, string.sub(body, at + 2, at + 1 + length) .. '\0' .. member(head.seq, 0, false, id))
    at = at + 2 + length
  end
end

-- The first byte behind the tags.
local function behind_tags(body)
  local at = 23
  for _ = 1, string.byte(body, 22) do
    at = at + 2 + string.byte(body, at) * 256 + string.byte(body, at + 1)
  end
  return at
end

local function has_unique(flags)
  return math.floor(flags / 2) % 2 == 1
end

-- How a job holds its unique key (see _keys.lua), the key, and the first byte behind them.
local function unique_of(body)
  local at = behind_tags(body)
  local length = string.byte(body, at + 1) * 256 + string.byte(body, at + 2)
  return string.sub(body, at, at), string.sub(body, at + 3, at + 2 + length), at + 3 + length
end

-- The job that holds a unique key now; null when it is free.
local function holder_of(key)
  local till, id = string.match(redis.call('HGET', unique, key) or '', '^%a(%d*),(.*)$')
  if till and (till == '' or tonumber(till) > now) then
    return id
  end
  return nil
end

-- Gives a job's unique key back, unless it is held for a time; 'is_start': because the job starts.
local function release_unique(id, flags, body, is_start)
  if has_unique(flags) then
    local how, key = unique_of(body or redis.call('HGET', jobs, id))
    if how ~= 'T' and (how == 'S' or not is_start) and holder_of(key) == id then
      redis.call('HDEL', unique, key)
    end
  end
end

-- Whether the queue holds a job that has logged anything; looked up once.
local has_logs
local function any_logs()
  if has_logs == nil then
    has_logs = redis.call('EXISTS', logs) == 1
  end
  return has_logs
end

local function remove_log(id)
  local last = tonumber(redis.call('HGET', logs, id) or '0')
  if last > 0 then
    local fields = {id}
    for number = 0, math.min(last, 100) do
      fields[#fields + 1] = table.concat({id, '\0', number})
    end
    redis.call('HDEL', logs, unpack(fields))
  end
end

-- Removes a job that stands nowhere any more, with all that belongs to it.
local function remove_job(id, head)
  if head and head.flags % 2 == 1 then
    remove_tags(id, head)
  end
  if head then
    release_unique(id, head.flags)
  end
  if any_logs() then
    remove_log(id)
  end
  redis.call('HDEL', history, id)
  redis.call('HDEL', jobs, id)
end

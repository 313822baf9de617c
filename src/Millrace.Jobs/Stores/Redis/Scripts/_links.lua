-- Stands behind _jobs.lua in scripts that end or remove jobs: tells those that wait for them. LinkRules has the same rules.

local own = string.match(jobs, '{q:(.*)}:jobs$')
local told, has_before, ends = false, nil, nil

-- Whether the queue holds a job that others wait for, or waited for; looked up once.
local function any_before()
  if has_before == nil then
    has_before = redis.call('EXISTS', before) == 1
  end
  return has_before
end

local function is_awaited(id)
  return any_before() and #redis.call('ZRANGEBYLEX', before, '[' .. id .. '\0', '(' .. id .. '\1', 'LIMIT', 0, 1) > 0
end

-- A blocked job need not wait any more.
local function release_blocked(id, head, text, when)
  local due = due_of(when)
  redis.call('ZREM', blocked, text)
  if due > now then
    redis.call('ZADD', later, string.format('%.0f', due), text)
  else
    add_ready(text, head.inverted, due)
  end
  wake()
end

local function cancel_blocked(id, head, text, why)
  redis.call('ZREM', blocked, text)
  write_history(id, {state = 5, attempt = 0, inverted = head.inverted, due = head.created, started = -1, finished = now, progress = 0, token = 0, error = why})
  redis.call('ZADD', ended[5], string.format('%.0f', now), text)
end

-- Notes in a job of this queue how one has ended that it waits for, and does what its condition says. True when it was cancelled.
local function note(id, queue, other, state, result)
  local field = table.concat({id, '\0', queue, '\0', other})
  local known = redis.call('HGET', links, field)
  local condition, when = string.match(redis.call('HGET', links, id) or '', '^(%d),([^;]*);')
  condition = tonumber(condition)
  if not known or not condition or (known ~= '' and (string.byte(known) ~= 52 or condition > 0)) then
    return false -- it does not wait for that one, or knew
  end
  local open, bytes = string.match(redis.call('HGET', links, id .. '\0'), '^(%d+),(%d+)$')
  local size = result and #result or 0
  if bytes + size <= 1048576 then
    bytes, result = bytes + size, result and '+' .. result or ''
  else
    result = '!'
  end
  if state ~= 4 or condition > 0 then
    open = open - 1
  end
  redis.call('HSET', links, field, state .. result, id .. '\0', string.format('%.0f,%.0f', open, bytes))
  local head = read_head(redis.call('HGET', jobs, id))
  local text = head and member(head.seq, head.inverted, false, id)
  if not text or not redis.call('ZSCORE', blocked, text) then
    return false
  end
  open = tonumber(open)
  if condition == 3 and state ~= 3 or open == 0 and condition ~= 3 and (state == 3 or condition == 2) then
    release_blocked(id, head, text, when)
  elseif condition == 3 and open == 0 then
    cancel_blocked(id, head, text, 'It was not needed: all jobs that it waited for completed.')
    return true
  elseif condition < 2 and (state == 5 or state == 4 and condition == 1) then
    cancel_blocked(id, head, text, "The job '" .. other .. "' that it waited for " .. (state == 4 and 'is dead.' or 'was cancelled or removed.'))
    return true
  end
  return false
end

-- Tells a job, of this queue or by a message to another, how one has ended that it waits for. Those of this queue that this cancels are noted in 'ends'.
local function tell(queue, id, other_queue, other, state, result)
  if queue ~= own then
    redis.call('RPUSH', outbox, table.concat({'e', queue, id, other, state, result and '+' .. result or '-'}, '\0'))
    told = true
  elseif note(id, other_queue, other, state, result) then
    ends[#ends + 1] = id
  end
end

-- Tells those that wait for the jobs in 'ends', one after the other: those that this cancels are told of in turn.
local function tell_ends(state, result)
  local at = 1
  while ends[at] do
    local id = ends[at]
    for _, found in ipairs(redis.call('ZRANGEBYLEX', before, '[' .. id .. '\0', '(' .. id .. '\1')) do
      local queue, other = string.match(string.sub(found, #id + 2), '^(.-)%z(.*)$')
      tell(queue, other, own, id, state, result)
    end
    at, state, result = at + 1, 5, nil
  end
end

-- A job of this queue has ended (state 3, 4 or 5, which stands for removed too).
local function end_links(id, state, result)
  if any_before() then
    ends = {id}
    tell_ends(state, result)
  end
end

-- Tells a job, and those that wait for it when that cancels it.
local function tell_all(queue, id, other_queue, other, state, result)
  ends = {}
  tell(queue, id, other_queue, other, state, result)
  tell_ends(5, nil)
end

-- Forgets what a job that is removed waited for, and who waited for it.
local function remove_links(id, flags)
  if flags >= 4 then
    local fields = {id, id .. '\0'}
    for queue, other in string.gmatch(string.match(redis.call('HGET', links, id) or '', ';(.*)$') or '', '([^%z]*)%z([^%z]*)%z') do
      fields[#fields + 1] = table.concat({id, '\0', queue, '\0', other})
    end
    call_many('HDEL', links, fields)
  end
  if any_before() then
    redis.call('ZREMRANGEBYLEX', before, '[' .. id .. '\0', '(' .. id .. '\1')
  end
end

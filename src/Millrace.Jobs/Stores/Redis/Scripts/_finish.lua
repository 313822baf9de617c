-- Stands behind _runs.lua in claim.lua and finish.lua: ends claims.
-- Ends come in groups of one kind and one token: kind, token, how many; then of each its id, and with the kinds R, k, d, r and s a delay in ms and a text.
-- Kinds: c completed and removed, k the same with a result, C completed, R completed with a result, d dead, x cancelled, r retry, s snoozed, b given back.
-- Text: the result or the error behind a plus; a minus for none.
-- An answer is a number: ten times the status (0 applied, 1 repeated, 2 stale), plus the state (9 when the job is unknown); below zero, it stands for so
-- many ends that were applied and completed their jobs. One more, 100, says that other queues have to be told.

local function finish_one(id, text, token, kind, delay, said)
  local run = text and read_run(id, text)
  if not run or run.token ~= token then
    local head = read_head(redis.call('HGET', jobs, id))
    if not head then
      redis.call('HDEL', running, id)
      return 29
    end
    if run then
      return 22
    end
    local past = read_history(id)
    local state = past and past.state or 1
    if state < 2 then
      state = find_pending(id, head, past) == later and 0 or 1
    end
    return (past and past.token == token and 10 or 20) + state
  end
  if kind == 'c' or kind == 'k' then
    redis.call('HDEL', running, id)
    left_group(id, run.flags)
    end_links(id, 3, said)
    remove_links(id, run.flags)
    remove_job(id, run)
    left()
    return 3
  end
  local past
  if kind == 'b' then
    past = release_run(id, run, token)
  elseif kind == 'C' or kind == 'R' or kind == 'd' or kind == 'x' then
    past = past_of(id, run, kind == 'd' and 4 or kind == 'x' and 5 or 3, token)
    if kind == 'C' or kind == 'R' then
      past.error, past.result = nil, said
    elseif kind == 'd' then
      past.error = said
    end
    end_run(id, run, past)
  else
    past = past_of(id, run, 0, token)
    past.due = now + delay
    if kind == 'r' then
      past.error = said
    else
      past.attempt = past.attempt - 1
    end
    past = put_back(id, run, past)
  end
  return past.state
end

-- Ends claims of jobs that just go. Those that have never been anything but claimed share one text, and go together.
local function finish_removed(answers, first, count, token)
  local last = first + count - 1
  local found = redis.call('HMGET', running, unpack(ARGV, first, last))
  local plain, prefix = found[1], token .. ',0,0,'
  if not plain or string.sub(plain, 1, #prefix) ~= prefix then
    plain = nil
  end
  local alike = plain ~= nil
  for i = 2, count do
    if found[i] ~= plain then
      alike = false
      break
    end
  end
  for i = 1, alike and (any_before() or any_logs()) and count or 0 do
    local id = ARGV[first + i - 1]
    alike = alike and not is_awaited(id) and not (any_logs() and redis.call('HEXISTS', logs, id) == 1)
  end
  local seen = {}
  if not alike then
    for i = 1, count do
      local id = ARGV[first + i - 1]
      answers[#answers + 1] = finish_one(id, seen[id] and redis.call('HGET', running, id) or not seen[id] and found[i], tonumber(token), 'c')
      seen[id] = true
    end
    return
  end
  local gone_now = redis.call('HDEL', running, unpack(ARGV, first, last))
  redis.call('HDEL', jobs, unpack(ARGV, first, last))
  if gone_now == count then
    answers[#answers + 1] = -count
    return
  end
  for i = first, last do
    answers[#answers + 1] = seen[ARGV[i]] and 29 or 3
    seen[ARGV[i]] = true
  end
end

-- Ends the claims that so many groups from the argument 'at' on tell of.
local function finish_all(at, groups)
  local answers = {}
  for _ = 1, groups do
    local kind, token, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    at = at + 3
    if kind == 'c' then
      finish_removed(answers, at, count, token)
      at = at + count
    else
      local size = string.find('Cxb', kind, 1, true) and 1 or 3
      for _ = 1, count do
        local said = size == 3 and string.sub(ARGV[at + 2], 1, 1) == '+' and string.sub(ARGV[at + 2], 2) or nil
        local text = redis.call('HGET', running, ARGV[at])
        answers[#answers + 1] = finish_one(ARGV[at], text, tonumber(token), kind, size == 3 and tonumber(ARGV[at + 1]), said)
        at = at + size
      end
    end
  end
  if told then
    answers[#answers + 1] = 100
  end
  return answers
end

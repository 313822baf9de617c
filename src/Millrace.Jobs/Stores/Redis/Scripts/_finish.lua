-- Stands behind _runs.lua in claim.lua and finish.lua: ends claims.
-- Each end is five arguments: id, token, kind, delay in ms, text. Kinds: c completed and removed, C completed, d dead, x cancelled, r retry,
-- s snoozed, b given back. Text: the result or the error behind a plus; a minus for none.
-- An answer is a number: ten times the status (0 applied, 1 repeated, 2 stale), plus the state (9 when the job is unknown); one more, -1, says that
-- another queue has to be told.

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
  if kind == 'c' then
    redis.call('HDEL', running, id)
    end_links(id, 3, said)
    remove_links(id, run.flags)
    remove_job(id, run)
    left()
    return 3
  end
  local past
  if kind == 'b' then
    past = release_run(id, run, token)
  elseif kind == 'C' or kind == 'd' or kind == 'x' then
    past = past_of(id, run, kind == 'C' and 3 or kind == 'd' and 4 or 5, token)
    if kind == 'C' then
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

-- Ends the claims that the arguments from 'first' on tell of. Those that just go, and have never been anything but claimed, go together.
local function finish_all(first, count)
  local answers = {}
  if count == 0 then
    return answers
  end
  local argv, ids, texts, removed, tokens, left_already = ARGV, {}, {}, {}, {}, {}
  for i = 1, count do
    ids[i] = argv[first + 5 * (i - 1)]
  end
  for from = 1, count, 1000 do
    local found = redis.call('HMGET', running, unpack(ids, from, math.min(from + 999, count)))
    for i = 1, #found do
      texts[ids[from + i - 1]] = found[i]
    end
  end
  local at, gone_together = first, 0
  for i = 1, count do
    local id, token, kind = ids[i], argv[at + 1], argv[at + 2]
    local text = texts[id]
    local plain = text and tokens[text]
    if text and plain == nil then
      -- One text stands for all jobs that were claimed together from the line.
      plain = string.match(text, '^(%d+),0,0,') or false
      tokens[text] = plain
    end
    if left_already[id] then
      answers[i] = 29
    elseif plain == token and kind == 'c' and not is_awaited(id) then
      gone_together = gone_together + 1
      removed[gone_together] = id
      left_already[id] = true
      answers[i] = 3
    else
      local said = argv[at + 4]
      said = string.sub(said, 1, 1) == '+' and string.sub(said, 2) or nil
      answers[i] = finish_one(id, text, tonumber(token), kind, tonumber(argv[at + 3]), said)
      if answers[i] < 10 then
        texts[id] = false
      end
    end
    at = at + 5
  end
  if gone_together > 0 then
    call_many('HDEL', running, removed)
    call_many('HDEL', jobs, removed)
  end
  if told then
    answers[#answers + 1] = -1
  end
  return answers
end

-- Stands behind _links.lua in scripts that end claims: the ways out of running.

local function past_of(id, run, state, token)
  local before = read_history(id)
  return {
    state = state, attempt = run.attempt, inverted = run.inverted, due = run.due, started = run.started, finished = -1, progress = run.progress,
    token = token, message = run.message, error = before and before.error, result = before and before.result}
end

-- A job runs no longer: where as many ran as may, there is room again.
local function left()
  if redis.call('HDEL', meta, 'full') == 1 then
    wake()
  end
end

local function left_group(id, flags)
  if flags >= 8 and end_in_group(id) then
    wake()
  end
end

-- To a terminal state.
local function end_run(id, run, past)
  past.finished = now
  release_unique(id, run.flags)
  left()
  left_group(id, run.flags)
  write_history(id, past)
  redis.call('HDEL', running, id)
  redis.call('ZADD', ended[past.state], string.format('%.0f', now), member(run.seq, run.inverted, false, id))
  end_links(id, past.state, past.state == 3 and past.result or nil)
end

-- From running to pending; or to cancelled and otherwise unchanged, when that was requested meanwhile.
local function put_back(id, run, past)
  if run.cancel == 1 then
    past = past_of(id, run, 5, past.token)
    end_run(id, run, past)
    return past
  end
  left_group(id, run.flags)
  write_history(id, past)
  redis.call('HDEL', running, id)
  local text = member(run.seq, run.inverted, past.attempt > 0, id)
  if past.state == 0 then
    redis.call('ZADD', later, string.format('%.0f', past.due), text)
    if past.attempt > 0 then
      redis.call('HINCRBY', meta, 'retrying', 1)
    end
  else
    add_ready(text, run.inverted, past.due)
  end
  redis.call('HDEL', meta, 'full')
  wake()
  return past
end

-- Waiting again at its old place; the attempt does not count.
local function release_run(id, run, token)
  local past = past_of(id, run, 1, token)
  past.attempt = past.attempt - 1
  return put_back(id, run, past)
end

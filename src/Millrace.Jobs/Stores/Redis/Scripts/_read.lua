-- Stands behind _jobs.lua in scripts that return jobs: of each that is there id, body, state, due, run (or empty), history (or empty).

local function read_jobs(ids)
  local reply = {}
  for _, id in ipairs(ids) do
    local body = redis.call('HGET', jobs, id)
    local head = read_head(body)
    if head then
      local run, text = redis.call('HGET', running, id), redis.call('HGET', history, id)
      local state, due = 2, 0
      if not run then
        local past = text and read_history(id)
        if past and past.state > 2 then
          state, due = past.state, past.due
        else
          local key, _, since = find_pending(id, head, past)
          state, due = key == later and 0 or key == blocked and 6 or 1, since or head.created
        end
      end
      for _, part in ipairs({id, body, state, string.format('%.0f', due), run or '', text or ''}) do
        reply[#reply + 1] = part
      end
    end
  end
  return reply
end

-- Stands behind _keys.lua in scripts that change schedules. A schedule is three fields: name: what the client reads; name and zero byte and t: its times
-- (cron, time zone, start, end, runs, line feeds between them); name and zero byte and s: next, last (-1: none), paused, runs so far; id of the last job.

local schedules, ticks = KEYS[15], KEYS[16]

local function read_schedule(name)
  local text = redis.call('HGET', schedules, name .. '\0s')
  if not text then
    return nil
  end
  local next_at, last_at, paused, runs, job = string.match(text, '^(-?%d+),(-?%d+),(%d),(%d+);(.*)$')
  return {next_at = tonumber(next_at), last_at = tonumber(last_at), paused = tonumber(paused), runs = tonumber(runs), job = job}
end

local function write_schedule(name, state)
  redis.call('HSET', schedules, name .. '\0s', string.format('%.0f,%.0f,%d,%.0f;', state.next_at, state.last_at, state.paused, state.runs) .. state.job)
  if state.paused == 0 and state.next_at >= 0 then
    redis.call('ZADD', ticks, string.format('%.0f', state.next_at), name)
  else
    redis.call('ZREM', ticks, name)
  end
end

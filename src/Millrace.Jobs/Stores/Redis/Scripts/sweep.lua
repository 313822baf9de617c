-- Takes back the jobs of workers that are unknown or whose lease has run out, in order of enqueue; then forgets such workers as hold nothing.
--
-- ARGV  2 most jobs  3 and 4 the error, before and behind the worker's name
-- Returns  {1 if there are more, the jobs as in _read.lua}

local alive, orphans, holding = {}, {}, {}
local function is_alive(worker)
  if alive[worker] == nil then
    local till = redis.call('ZSCORE', leases, worker)
    alive[worker] = till and tonumber(till) > now or false
  end
  return alive[worker]
end

local all = redis.call('HGETALL', running)
for i = 1, #all, 2 do
  local run = read_run(all[i], all[i + 1])
  if not run then
    redis.call('HDEL', running, all[i])
  elseif is_alive(run.worker) then
    holding[run.worker] = true
  else
    orphans[#orphans + 1] = {run.seq, all[i], run}
  end
end
table.sort(orphans, function(a, b) return a[1] < b[1] end)

local most, rescued = tonumber(ARGV[2]), {}
for i, orphan in ipairs(orphans) do
  local id, run = orphan[2], orphan[3]
  if i > most then
    holding[run.worker] = true
  else
    local error = ARGV[3] .. run.worker .. ARGV[4]
    if run.attempt < run.most or run.cancel == 1 then
      local past = past_of(id, run, 1, 0)
      past.error = run.cancel == 1 and past.error or error
      put_back(id, run, past)
    else
      local past = past_of(id, run, 4, 0)
      past.error = error
      end_run(id, run, past)
    end
    rescued[#rescued + 1] = id
  end
end

for _, worker in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', string.format('%.0f', now))) do
  if not holding[worker] then
    redis.call('ZREM', leases, worker)
    redis.call('HDEL', workers, worker)
  end
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', elapsing, '-inf', string.format('%.0f', now), 'LIMIT', 0, 1000)) do
  if not holder_of(key) then
    redis.call('HDEL', unique, key)
  end
  redis.call('ZREM', elapsing, key)
end
redis.call('ZREMRANGEBYSCORE', counts, 1, string.format('%.0f', now))
redis.call('ZREMRANGEBYSCORE', inbox, '-inf', string.format('%.0f', now - 86400000))
return {#orphans > most and 1 or 0, read_jobs(rescued)}

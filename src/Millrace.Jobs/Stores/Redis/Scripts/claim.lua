-- Ends claims (see _finish.lua), renews the worker's lease, and makes ready jobs its own.
--
-- ARGV  2 worker  3 lease in ms  4 who the worker is  5 most jobs to claim  6 most that may run in all (empty: no limit)
--       7 how starts are counted: w in a sliding window, b in a bucket of tokens (empty: no limit)  8 how many  9 in so many ms
--       10 the limits of groups of jobs: see _turns.lua  11 how many groups of ends, then the groups
-- Returns  {now, token, answers, {position from 1, 'attempt,inverted,due', … of jobs that were not claimed from the line}, ids, bodies}

local answers = finish_all(12, tonumber(ARGV[11]))
local worker, capacity = ARGV[2], tonumber(ARGV[5])
local now_text = string.format('%.0f', now)
if redis.call('ZADD', leases, string.format('%.0f', now + ARGV[3]), worker) == 1 then
  redis.call('HSET', workers, worker, now_text .. ',' .. ARGV[3] .. ',' .. ARGV[4])
end

local reply = {now_text, '0', answers, {}, {}, {}}
local state = redis.call('HMGET', meta, 'paused', 'stale', 'full', 'blocked', 'bucket', 'token', 'grouped')
has_groups = state[7] and true or false
if state[1] == '1' or capacity == 0 then
  if state[3] and #answers > 0 then
    left()
  end
  return reply
end

-- How many the queue's limits allow.
local most, how, rate, period = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local bucket = tonumber(state[5]) or 0
local function free_starts()
  if how == 'b' then
    bucket = math.min(math.max(bucket, now), now + period)
    return math.floor((now + period - bucket) * rate / period + 1e-6)
  end
  redis.call('ZREMRANGEBYSCORE', starts, '-inf', string.format('%.0f', now - period))
  redis.call('ZREMRANGEBYSCORE', starts, string.format('(%.0f', now), '+inf')
  return math.max(0, rate - redis.call('ZCARD', starts))
end
if most then
  capacity = math.min(capacity, math.max(0, most - redis.call('HLEN', running)))
end
if how ~= '' then
  capacity = math.min(capacity, free_starts())
end

-- Keeps what the limits have to remember of a claim.
local function end_limits(token, started)
  if most and redis.call('HLEN', running) >= most then
    redis.call('HSET', meta, 'full', '1')
  elseif state[3] then
    left()
  end
  if how == '' then
    redis.call('HDEL', meta, 'blocked')
    return
  end
  if how == 'b' then
    bucket = bucket + started * period / rate
    redis.call('HSET', meta, 'bucket', string.format('%.17g', bucket))
  else
    for i = 1, started do
      redis.call('ZADD', starts, string.format('%.0f', now), token .. ':' .. i)
    end
  end
  if free_starts() > 0 then
    redis.call('HDEL', meta, 'blocked')
  else
    local next_at = how == 'b' and math.ceil(bucket + period / rate - period - 1e-6)
    next_at = next_at or tonumber(redis.call('ZRANGE', starts, 0, 0, 'WITHSCORES')[2]) + period
    redis.call('HSET', meta, 'blocked', string.format('%.0f', next_at))
  end
end

-- What has fallen due gets in line; when there is more than that, it follows with the next claims, earliest due first.
local due = redis.call('ZRANGEBYSCORE', later, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, 1000)
for i = 1, #due, 2 do
  take_pending(nil, later, due[i])
  add_ready(due[i], tonumber(string.sub(due[i], 15, 18)), tonumber(due[i + 1]))
end

-- Takes up to so many ids from the line, leaving out those that do not count.
local stale = tonumber(state[2]) or 0
local function take_line(most)
  local taken = {}
  while #taken < most do
    local popped = redis.call('LPOP', line, most - #taken)
    if not popped then
      break
    elseif type(popped) == 'string' then
      popped = {popped} -- Garnet, when one was asked for
    end
    if stale == 0 and #taken == 0 and #popped == most then
      return popped
    end
    for _, id in ipairs(popped) do
      if stale > 0 and redis.call('HEXISTS', gone, id) == 1 then
        stale = stale - 1
        redis.call('HINCRBY', meta, 'stale', -1)
        if redis.call('HINCRBY', gone, id, -1) <= 0 then
          redis.call('HDEL', gone, id)
        end
      else
        taken[#taken + 1] = id
      end
    end
  end
  return taken
end

local slots
if has_groups then
  slots, capacity = take_turns(capacity, redis.call('LLEN', line) - stale + redis.call('ZCARD', ready), ARGV[10])
end

local claimed, places, bodies = {}, {}, {}
local heads = capacity > 0 and redis.call('ZRANGE', ready, 0, capacity - 1, 'WITHSCORES') or {}
if #heads == 0 then
  claimed = take_line(capacity)
else
  -- Two lines, both in order: the one is taken from as long as its head comes first.
  local waiting = take_line(capacity)
  local w, r = 1, 1
  while #claimed < capacity and (w <= #waiting or r <= #heads) do
    local first
    if r <= #heads and w <= #waiting then
      local head = read_head(redis.call('HGET', jobs, waiting[w]))
      local mine, theirs = head and score(head.inverted, head.created) or 0, tonumber(heads[r + 1])
      first = mine < theirs or (mine == theirs and head and head.seq < tonumber(string.sub(heads[r], 1, 14)))
    else
      first = w <= #waiting
    end
    if first then
      claimed[#claimed + 1] = waiting[w]
      w = w + 1
    else
      claimed[#claimed + 1] = string.sub(heads[r], 20)
      places[#claimed] = {heads[r], tonumber(heads[r + 1])}
      r = r + 2
    end
  end
  for i = #waiting, w, -1 do
    redis.call('LPUSH', line, waiting[i])
  end
end

if slots and #slots > 0 then
  claimed, places = in_turn(slots, claimed, places)
end
local total = #claimed
if total > 0 then
  bodies = redis.call('HMGET', jobs, unpack(claimed))
end

-- Above every token before; with the clock, so that it is above those too that a failover or a restart has lost.
local token = '0'
if total > 0 then
  token = string.format('%.0f', math.max((tonumber(state[6]) or 0) + 1, now * 1000))
  redis.call('HSET', meta, 'token', token)
end
local plain = table.concat({token, ',0,0,0,0,0,0,', now_text, ',0,0,-1;', worker})

-- The run of a job that has been more than stood in the line: it has tags or a unique key, or did not come from there.
local function run_of(id, body, place)
  local head = read_head(body)
  local attempt, inverted, since = 1, head.inverted, head.created
  if place then
    local past = read_history(id)
    inverted = tonumber(string.sub(place[1], 15, 18))
    attempt, since = past and past.attempt + 1 or 1, place[2] - score(inverted, 0)
    redis.call('ZREM', ready, place[1])
  end
  if has_unique(head.flags) then
    release_unique(id, head.flags, body, true)
  end
  return write_run({
    token = tonumber(token), flags = head.flags, attempt = attempt, inverted = inverted, due = since, seq = head.seq, most = head.most,
    started = now, cancel = 0, progress = 0, worker = worker}), place and string.format('%.0f,%.0f,%.0f', attempt, inverted, since)
end

local runs, kept, others, ids, kept_bodies = {}, 0, {}, {}, {}
reply[2] = token
local byte, alike = string.byte, #heads == 0 and total or 0
for i = 1, alike do
  local body = bodies[i]
  if not body or #body < 22 or byte(body, 21) ~= 0 then
    alike, runs = 0, {}
    break
  end
  runs[2 * i - 1], runs[2 * i] = claimed[i], plain
end
if alike > 0 then
  kept, ids, kept_bodies = total, claimed, bodies
end
for i = alike + 1, total do
  local id, body, place = claimed[i], bodies[i], places[i]
  if body and #body > 21 then
    local run = plain
    kept = kept + 1
    if place or string.byte(body, 21) ~= 0 then
      local extra
      run, extra = run_of(id, body, place)
      if extra then
        others[#others + 1] = kept
        others[#others + 1] = extra
      end
    end
    runs[2 * kept - 1], runs[2 * kept] = id, run
    ids[kept], kept_bodies[kept] = id, body
  elseif place then
    redis.call('ZREM', ready, place[1])
  end
end
reply[4], reply[5], reply[6] = others, ids, kept_bodies
if kept > 0 then
  redis.call('HSET', running, unpack(runs))
end
if most or how ~= '' or state[3] or state[4] then
  end_limits(token, kept)
end
return reply

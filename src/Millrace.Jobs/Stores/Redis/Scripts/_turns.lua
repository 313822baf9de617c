-- Stands before claim.lua: chooses whose jobs are claimed in a queue that has groups.

-- Those come back whose time of rest is over, and full buckets are forgotten.
local function end_rests()
  local back = redis.call('ZRANGEBYSCORE', turns, resting, string.format('%.0f', resting + now))
  for _, group in ipairs(back) do
    go_last(group)
  end
  redis.call('ZREMRANGEBYSCORE', counts, 1, string.format('%.0f', now))
end

-- Takes a token of a group's rate; null, or when there is one if there is none.
local function take_token(group, rate, period)
  local full = tonumber(redis.call('ZSCORE', counts, 'b' .. group)) or 0
  full = math.min(math.max(full, now), now + period)
  if math.floor((now + period - full) * rate / period + 1e-6) < 1 then
    return math.ceil(full + period / rate - period - 1e-6)
  end
  redis.call('ZADD', counts, string.format('%.17g', full + period / rate), 'b' .. group)
  return nil
end

-- Takes up to so many jobs, of which so many 'others', which have no group, are there. Returns one item for each start in turn: false for one of the others, else
-- the job's member in 'grouped' and its score; and how many of the others in all.
-- 'limits': empty, or how many of a group may run (empty: no limit), comma, how many may start (empty: no limit), comma, in so many ms
local function take_turns(capacity, others, limits)
  local slots, own = {}, 0
  local most, rate, period = string.match(limits, '^(%d*),(%d*),(%d*)$')
  most, rate, period = tonumber(most), tonumber(rate), tonumber(period)
  local own_turn = tonumber(redis.call('HGET', meta, 'own_turn')) or 0
  end_rests()
  while #slots < capacity do
    local first = redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')
    local group, turn = first[1], tonumber(first[2])
    if not group or turn >= resting then
      break
    elseif own < others and own_turn < turn then
      own, slots[#slots + 1] = own + 1, false
      own_turn = redis.call('HINCRBY', meta, 'turn', 1)
      redis.call('HSET', meta, 'own_turn', own_turn)
    else
      local next_at
      local is_full = most and -(tonumber(redis.call('ZSCORE', counts, 'r' .. group)) or 0) >= most
      if is_full then
        redis.call('ZREM', turns, group)
      else
        next_at = rate and take_token(group, rate, period)
        if next_at then
          redis.call('ZADD', turns, string.format('%.0f', resting + next_at), group)
        end
      end
      if not is_full and not next_at then
        local head = first_of(group)
        local text = string.sub(head, #group + 20)
        slots[#slots + 1] = {text, tonumber(redis.call('ZSCORE', grouped, text))}
        go_last(group)
        take_grouped(group, text, tonumber(string.sub(head, #group + 6, #group + 19)))
        redis.call('ZINCRBY', counts, -1, 'r' .. group)
      end
    end
  end
  return slots, math.min(others, own + capacity - #slots)
end

-- Puts what was taken in turn of the groups and of the others into one order.
local function in_turn(slots, own, own_places)
  local ids, places, next_own = {}, {}, 1
  local function add_own()
    if own[next_own] then
      ids[#ids + 1], places[#ids + 1] = own[next_own], own_places[next_own]
      next_own = next_own + 1
    end
  end
  for _, slot in ipairs(slots) do
    if slot then
      ids[#ids + 1], places[#ids + 1] = string.sub(slot[1], 20), slot
    else
      add_own()
    end
  end
  while own[next_own] do
    add_own()
  end
  return ids, places
end

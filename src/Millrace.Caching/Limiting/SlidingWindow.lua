-- Takes permits from a window that moves along, counted in two windows that stand still.
-- KEYS[1]: a hash. w: the number of the current window; c: the permits taken in it; p: those of the window before.
-- ARGV[1]: permits to take, 0 to look only. ARGV[2]: permits of a window. ARGV[3]: its length in microseconds.
-- Returns whether they were taken (1, 0), the permits left, and the microseconds until there may be enough.
local permits, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'w', 'c', 'p')
local mark = state[1] and tonumber(state[1]) or -2
local index = math.floor(now / window)
if mark > index then
  index, now = mark, mark * window -- the clock was set back
end
local current, previous = 0, 0
if mark == index then
  current, previous = tonumber(state[2]), tonumber(state[3])
elseif mark == index - 1 then
  previous = tonumber(state[2])
end
local elapsed = now - index * window
local free = limit - current - previous * (1 - elapsed / window)
local wanted = math.max(permits, 1)
if wanted <= free then
  if permits > 0 then
    redis.call('HSET', KEYS[1], 'w', string.format('%.0f', index), 'c', current + permits, 'p', previous)
    redis.call('PEXPIRE', KEYS[1], math.ceil(((index + 2) * window - now) / 1000) + 1)
  end
  return { 1, math.floor(free - permits), 0 }
end
local room = limit - wanted
local wait
if room >= current then
  wait = window * (1 - (room - current) / previous) - elapsed
else
  wait = window - elapsed + window * (1 - room / current)
end
return { 0, math.max(0, math.floor(free)), math.ceil(wait) }

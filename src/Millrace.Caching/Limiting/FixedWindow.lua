-- Takes permits from a window that began with the first of them.
-- KEYS[1]: the permits taken in the window; it expires with it.
-- ARGV[1]: permits to take, 0 to look only. ARGV[2]: permits of a window. ARGV[3]: its length in microseconds.
-- Returns whether they were taken (1, 0), the permits left, and the microseconds until there may be enough.
local permits, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
local length = math.ceil(tonumber(ARGV[3]) / 1000)
if left < 0 then
  used, left = 0, length
end
if used + math.max(permits, 1) > limit then
  return { 0, limit - used, math.max(left, 1) * 1000 }
end
if permits > 0 then
  if used == 0 then
    redis.call('SET', KEYS[1], permits, 'PX', length)
  else
    redis.call('INCRBY', KEYS[1], permits)
  end
end
return { 1, limit - used - permits, 0 }

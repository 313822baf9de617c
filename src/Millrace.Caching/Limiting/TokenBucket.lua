-- Takes tokens from a bucket, kept as the moment at which it is full again.
-- KEYS[1]: that moment, in microseconds since 1970; it expires then.
-- ARGV[1]: tokens to take, 0 to look only. ARGV[2]: what the bucket holds. ARGV[3]: the microseconds between two tokens.
-- Returns whether they were taken (1, 0), the tokens left, and the microseconds until there may be enough.
local permits, limit, interval = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local burst = limit * interval
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
full = math.min(math.max(full, now), now + burst) -- later only if the clock was set back
local early = full + math.max(permits, 1) * interval - burst - now
if early > 0 then
  return { 0, math.floor((burst - (full - now)) / interval), early }
end
full = full + permits * interval
if permits > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
return { 1, math.floor((burst - (full - now)) / interval), 0 }

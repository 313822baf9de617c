-- Adds to a counter and sets its expiry in the same step.
-- KEYS[1]: the counter.
-- ARGV[1]: what to add. ARGV[2]: the milliseconds it lives. ARGV[3]: '1': counted anew from each change; '0': from its first one.
-- Returns the sum as text, because Lua's numbers are exact to 2^53 only.
local sets = ARGV[3] == '1' or redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[1])
if sets then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('GET', KEYS[1])

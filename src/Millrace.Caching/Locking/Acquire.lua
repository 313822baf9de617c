-- Takes a lock if nobody has it, and numbers it.
-- KEYS[1]: who has it; expires with the lease. KEYS[2]: the last fencing token. KEYS[3]: is there while somebody waits to be woken.
-- ARGV[1]: who asks. ARGV[2]: the lease in milliseconds. ARGV[3]: milliseconds that the asker waits to be woken, 0 when he does not.
-- ARGV[4]: milliseconds that the last token is remembered.
-- Returns the fencing token as text, or the milliseconds until the holder's lease ends as a number.
-- A token is the server's time in microseconds, or one more than the last where that is larger: it grows also when the last one was lost.
local holder = redis.call('GET', KEYS[1])
local last = redis.call('GET', KEYS[2])
if holder == ARGV[1] and last then
  redis.call('PEXPIRE', KEYS[1], ARGV[2]) -- the answer to the first try was lost
  return last
end
if holder then
  if ARGV[3] ~= '0' then
    redis.call('SET', KEYS[3], '1', 'PX', ARGV[3])
  end
  return redis.call('PTTL', KEYS[1])
end
local time = redis.call('TIME')
local token = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(last or '0') + 1)
local text = string.format('%.0f', token)
redis.call('SET', KEYS[2], text, 'PX', ARGV[4])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return text

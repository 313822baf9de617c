-- Removes a schedule.
-- ARGV  2 name
-- Returns  {times, state} that it had; {} when there was none
local name = ARGV[2]
local found = redis.call('HMGET', schedules, name .. '\0t', name .. '\0s')
redis.call('ZREM', ticks, name)
if redis.call('HDEL', schedules, name, name .. '\0t', name .. '\0s') == 0 then
  return {}
end
return found

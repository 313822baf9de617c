-- Creates a schedule or replaces its definition.
-- ARGV  2 name  3 what the client reads  4 times  5 next tick, -1: none   6 and 7 times and state that it had in another queue; empty: none
local name = ARGV[2]
local times, state = redis.call('HGET', schedules, name .. '\0t'), read_schedule(name)
if not state and ARGV[7] ~= '' then
  times = ARGV[6]
  redis.call('HSET', schedules, name .. '\0s', ARGV[7])
  state = read_schedule(name)
end
if not state then
  state = {next_at = tonumber(ARGV[5]), last_at = -1, paused = 0, runs = 0, job = ''}
elseif times ~= ARGV[4] then
  state.next_at = tonumber(ARGV[5])
end
redis.call('HSET', schedules, name, ARGV[3], name .. '\0t', ARGV[4])
write_schedule(name, state)
return 0

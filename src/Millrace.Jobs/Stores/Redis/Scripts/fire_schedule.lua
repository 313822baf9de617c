-- Fires one tick: enqueues its job and moves the schedule on.
-- ARGV  2 name  3 tick  4 next tick, -1: none  5 most pending jobs  6 1 to pass it over  7 … the job (see _enqueue.lua)
-- Returns  0 fired, 1 missed, 2 the queue is full, 3 passed over
local state = read_schedule(ARGV[2])
local tick = tonumber(ARGV[3])
if not state or state.paused == 1 or state.next_at ~= tick or tick > now then
  return 1
end
if ARGV[6] == '1' then
  state.next_at = tonumber(ARGV[4])
  write_schedule(ARGV[2], state)
  return 3
end
begin_enqueue()
if not enqueue(7, 1, tonumber(ARGV[5])) then
  return 2
end
end_enqueue()
state.next_at, state.last_at, state.job, state.runs = tonumber(ARGV[4]), tick, ARGV[7], state.runs + 1
write_schedule(ARGV[2], state)
return 0

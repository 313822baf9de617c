-- Fires one tick: enqueues its job and moves the schedule on.
-- ARGV  2 name  3 tick  4 next tick, -1: none  5 most pending jobs  6 … the job (see _enqueue.lua)
-- Returns  0 fired, 1 missed, 2 the queue is full
local state = read_schedule(ARGV[2])
local tick = tonumber(ARGV[3])
if not state or state.paused == 1 or state.next_at ~= tick or tick > now then
  return 1
end
begin_enqueue()
if not enqueue(6, 1, tonumber(ARGV[5])) then
  return 2
end
end_enqueue()
state.next_at, state.last_at, state.job = tonumber(ARGV[4]), tick, ARGV[6]
write_schedule(ARGV[2], state)
return 0

-- Pauses or resumes a schedule.
-- ARGV  2 name  3 1 or 0  4 next tick when it is resumed, -1: none
-- Returns  1; 0 when there is none
local state = read_schedule(ARGV[2])
if not state then
  return 0
end
if state.paused ~= tonumber(ARGV[3]) then
  state.paused = tonumber(ARGV[3])
  if state.paused == 0 then
    state.next_at = tonumber(ARGV[4])
  end
  write_schedule(ARGV[2], state)
end
return 1

-- Stores the jobs of several requests, each request whole or not at all.
--
-- ARGV  then of each request: most pending jobs, how many jobs, the jobs (see _enqueue.lua)
-- Returns  of each request: -1 the queue is full; else the jobs that were not stored, as enqueue() tells

begin_enqueue()
local reply, at = {}, 2
while at <= #ARGV do
  local count = tonumber(ARGV[at + 1])
  reply[#reply + 1] = enqueue(at + 2, count, tonumber(ARGV[at])) or -1
  at = at + 2 + 5 * count
end
end_enqueue()
return reply

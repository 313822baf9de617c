-- Reads jobs.
-- ARGV  2 … the ids
-- Returns  see _read.lua
local ids = {}
for i = 2, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
return read_jobs(ids)

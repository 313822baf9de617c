-- A page of the jobs with a tag, last enqueued first.
--
-- ARGV  2 tag  3 the seq before which the page begins  4 most jobs
-- Returns  see _read.lua
local from = ARGV[2] .. '\0'
local ids = {}
for _, found in ipairs(redis.call('ZREVRANGEBYLEX', tags, '(' .. from .. string.format('%014.0f', ARGV[3]), '[' .. from, 'LIMIT', 0, ARGV[4])) do
  ids[#ids + 1] = string.sub(found, #from + 20)
end
return read_jobs(ids)

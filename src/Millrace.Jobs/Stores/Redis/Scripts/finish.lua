-- Ends claims (see _finish.lua).
-- ARGV  2 how many groups of ends, then the groups
-- Returns  the answers
local answers = finish_all(3, tonumber(ARGV[2]))
left()
return answers

-- Ends claims (see _finish.lua).
-- ARGV  2 how many, then the ends
-- Returns  the answers
return finish_all(3, tonumber(ARGV[2]))

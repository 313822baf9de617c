-- Tells a job of this queue how one of another queue has ended that it waits for.
-- ARGV  2 id  3 and 4 queue and id of the other  5 its state  6 its result behind a plus; a minus for none
-- Returns  1 if another queue has to be told in turn
tell_all(own, ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), string.sub(ARGV[6], 1, 1) == '+' and string.sub(ARGV[6], 2) or nil)
return told and 1 or 0

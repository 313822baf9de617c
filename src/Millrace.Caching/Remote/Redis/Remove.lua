-- Removes an entry or a lease. It is told even if there was nothing: the server may have evicted what others have copies of.
--
-- KEYS[1]  the entry
--
-- Returns  1 removed, 0 there was nothing

local removed = redis.call('DEL', KEYS[1])
tell()
return removed

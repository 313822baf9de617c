-- Prolongs the life of an entry.
--
-- KEYS[1]  the entry
-- ARGV[1]  how long it stays from now, ms
--
-- Returns  1 prolonged, 0 it is gone

local there = redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
return there

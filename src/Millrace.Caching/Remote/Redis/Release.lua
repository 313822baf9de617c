-- Gives a lease back.
--
-- KEYS[1]  the entry
-- ARGV[1]  the lease, as it stands under the key
--
-- Returns  1 given back, 0 it was broken

if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  tell()
  return 1
end

return 0

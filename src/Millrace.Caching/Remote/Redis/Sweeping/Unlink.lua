-- Removes an entry that was found invalid, if it is still the same. Nobody is told, because nobody serves it.
--
-- KEYS[1]  the entry
-- ARGV[1]  its beginning as it was found, up to its checksum
--
-- Returns  1 removed, 0 something else is there

if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end

return redis.call('UNLINK', KEYS[1])

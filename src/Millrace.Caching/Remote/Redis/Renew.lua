-- Gives the right to replace an entry that stays where it is meanwhile.
--
-- KEYS[1]  the entry
-- KEYS[2]  the lease, beside it
-- KEYS[3]  state (on one server; on a cluster the stamp was asked for before, see Stamp.lua)
-- ARGV[1]  the lease, as it is to stand
-- ARGV[2]  how long it lasts, ms
-- ARGV[3]  the beginning of the entry that the caller has found, up to its checksum
-- ARGV[4]  the highest stamp that the caller has seen; on a cluster the stamp itself
--
-- Returns  {1, stamp} granted; {0, ms left, 1 if the source has failed} somebody else has it; {2} the entry has changed

if redis.call('GETRANGE', KEYS[1], 0, #ARGV[3] - 1) ~= ARGV[3] then
  return {2}
end

if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {0, redis.call('PTTL', KEYS[2]), redis.call('GET', KEYS[2]) == 'failed' and 1 or 0}
end

local stamp = tonumber(ARGV[4])
if KEYS[3] then
  local time = redis.call('TIME')
  local last = tonumber(redis.call('HGET', KEYS[3], 'clock') or '0')
  stamp = math.max(time[1] * 1000000 + time[2], last + 1, stamp)
end

return {1, string.format('%.0f', stamp)}

-- Gives the right to store a key that is missing, or says what is there.
--
-- KEYS[1]  the entry
-- KEYS[2]  state (on one server; on a cluster the stamp was asked for before, see Stamp.lua)
-- ARGV[1]  the lease, as it is to stand under the key
-- ARGV[2]  how long it lasts, ms
-- ARGV[3]  stamp of the entry that the caller has found to be of no use, 16 digits; '' none; '*' whatever is there
-- ARGV[4]  the highest stamp that the caller has seen; on a cluster the stamp itself
--
-- Returns  {1, stamp} when the lease was given, else {0, what is there}

local there = redis.call('GET', KEYS[1])
if there and #there >= 19 and string.byte(there, 1) == 197 and ARGV[3] ~= '*' and string.sub(there, 4, 19) ~= ARGV[3] then
  return {0, there}
end

local stamp = tonumber(ARGV[4])
if KEYS[2] then
  local time = redis.call('TIME')
  local last = tonumber(redis.call('HGET', KEYS[2], 'clock') or '0')
  stamp = math.max(time[1] * 1000000 + time[2], last + 1, stamp)
end

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if there then
  tell()
end

return {1, string.format('%.0f', stamp)}

-- Puts an entry in place of the same with another expiry. What it stays beyond its expiry it stays beyond the new one, too.
--
-- KEYS[1]  the entry
-- ARGV[1]  the beginning of the entry that was found, up to its checksum
-- ARGV[2]  the entry with its new expiry
-- ARGV[3]  its new lifetime, ms
--
-- Returns  1 done, 0 the entry has changed

if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end

local expiry = redis.call('GETRANGE', KEYS[1], 23, 30)
local expires = 0
for i = #expiry, 1, -1 do
  expires = expires * 256 + string.byte(expiry, i)
end

local time = redis.call('TIME')
local stays = redis.call('PTTL', KEYS[1]) - (expires - time[1] * 1000 - math.floor(time[2] / 1000))
redis.call('SET', KEYS[1], ARGV[2], 'PX', string.format('%.0f', tonumber(ARGV[3]) + math.max(0, stays)))
redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
tell()
return 1

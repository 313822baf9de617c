-- Gives a lease beside an entry back, or keeps it as a sign that the source has failed. If the entry has expired, those who wait for a change of
-- it are told; if it has not, nobody waits, and nobody's copy is to go.
--
-- KEYS[1]  the entry
-- KEYS[2]  the lease, beside it
-- ARGV[1]  the lease, as it stands
-- ARGV[2]  how long the source is to be left alone, ms; 0: not at all
--
-- Returns  1 given back, 0 it was broken

if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end

if ARGV[2] == '0' then
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], 'failed', 'PX', ARGV[2])
end

local expiry = redis.call('GETRANGE', KEYS[1], 23, 30)
local expires = 0
for i = #expiry, 1, -1 do
  expires = expires * 256 + string.byte(expiry, i)
end

local time = redis.call('TIME')
local left = redis.call('PTTL', KEYS[1])
if left > 0 and expires <= time[1] * 1000 + time[2] / 1000 then
  redis.call('PEXPIRE', KEYS[1], left)
  redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
  tell()
end

return 1

-- Ends one session of a user, or all but one.
-- KEYS[1]: a hash of the user's sessions, as Create.lua has it. KEYS[2]: a hash of their data.
-- ARGV[1]: the channel that tells of ended sessions. ARGV[2]: 'one' or 'others'. ARGV[3]: the id of the one; '' with 'others': there is no such one.
-- Returns the ids of those that ended and were alive.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local gone, ended = {}, {}
local fields = {}
if ARGV[2] == 'one' then
  fields = { ARGV[3], redis.call('HGET', KEYS[1], ARGV[3]) }
  if not fields[2] then
    return ended
  end
else
  fields = redis.call('HGETALL', KEYS[1])
end
for i = 1, #fields, 2 do
  if fields[i] ~= 'u' and (ARGV[2] == 'one' or fields[i] ~= ARGV[3]) then
    local created, seen, ends, sliding = string.match(fields[i + 1], '^(%d+):(%d+):(%d+):(%d+)$')
    gone[#gone + 1] = fields[i]
    if created and now < math.min(tonumber(ends), tonumber(seen) + tonumber(sliding)) then
      ended[#ended + 1] = fields[i]
    end
  end
end
if #ended > 0 then
  redis.call('PUBLISH', ARGV[1], table.concat(ended, ',')) -- first: who may not tell must not end them either
end
for _, id in ipairs(gone) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return ended

-- Lists a user's sessions that are alive.
-- KEYS[1]: a hash of the user's sessions, as Create.lua has it. KEYS[2]: a hash of their data.
-- Returns the time in milliseconds, the user, and for each session its id, created:seen:end:sliding and its data; nil when there is none.
local user = redis.call('HGET', KEYS[1], 'u')
if not user then
  return false
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local list = { string.format('%.0f', now), user }
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if fields[i] ~= 'u' then
    local created, seen, ends, sliding = string.match(fields[i + 1], '^(%d+):(%d+):(%d+):(%d+)$')
    if created and now < math.min(tonumber(ends), tonumber(seen) + tonumber(sliding)) then
      list[#list + 1] = fields[i]
      list[#list + 1] = fields[i + 1]
      list[#list + 1] = redis.call('HGET', KEYS[2], fields[i]) or ''
    end
  end
end
return list

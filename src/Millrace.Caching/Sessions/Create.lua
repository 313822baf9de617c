-- Begins a session; the user's oldest ones end where he would have too many.
-- KEYS[1]: a hash of the user's sessions: u is the user; each session's id has created:seen:end:sliding, in milliseconds.
-- KEYS[2]: a hash of their data, by id.
-- ARGV[1]: the user. ARGV[2]: the session's id. ARGV[3], ARGV[4]: sliding and absolute lifetime in milliseconds. ARGV[5]: sessions of a user at most.
-- ARGV[6]: the channel that tells of ended sessions. ARGV[7]: data, '' for none.
-- Returns the time in milliseconds, and the ids of the oldest that ended.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local last = now + tonumber(ARGV[4])
local live, gone, ended = {}, {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if fields[i] ~= 'u' then
    local created, seen, ends, sliding = string.match(fields[i + 1], '^(%d+):(%d+):(%d+):(%d+)$')
    if created and now < math.min(tonumber(ends), tonumber(seen) + tonumber(sliding)) then
      live[#live + 1] = { id = fields[i], created = tonumber(created), ends = tonumber(ends) }
    else
      gone[#gone + 1] = fields[i]
    end
  end
end
table.sort(live, function(a, b)
  return a.created < b.created or (a.created == b.created and a.id < b.id)
end)
for i, session in ipairs(live) do
  if i <= #live + 1 - tonumber(ARGV[5]) then
    gone[#gone + 1] = session.id
    ended[#ended + 1] = session.id
  else
    last = math.max(last, session.ends)
  end
end
if #ended > 0 then
  redis.call('PUBLISH', ARGV[6], table.concat(ended, ',')) -- first: who may not tell must not end them either
end
for _, id in ipairs(gone) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
redis.call('HSET', KEYS[1], 'u', ARGV[1], ARGV[2], string.format('%.0f:%.0f:%.0f:%s', now, now, now + tonumber(ARGV[4]), ARGV[3]))
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last))
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[7])
end
redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', last))
return { string.format('%.0f', now), ended }

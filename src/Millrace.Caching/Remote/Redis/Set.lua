-- Stores a value whatever is there.
--
-- KEYS[1]  the entry
-- KEYS[2]  state, KEYS[3] tags (on one server only)
-- ARGV[1]  the entry before its stamp
-- ARGV[2]  the entry after its stamp
-- ARGV[3]  how long it stays, ms
-- ARGV[4]  the stamp; with ARGV[5] = 0 the least that it may be
-- ARGV[5]  1: the value was read at that stamp, and is stored only if nothing that covers it was invalidated since; 0: it is new
-- ARGV[6]  the latest time to do it, ms: a command that was stuck in the network may not undo what came after it
-- ARGV[7…] the entry's tags
--
-- Returns  the stamp it was stored with; 0 invalidated, -1 too late

local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[6]) then
  return '-1'
end

local stamp = tonumber(ARGV[4])
if KEYS[2] then
  if ARGV[5] == '1' then
    local covered = stamp <= tonumber(redis.call('HGET', KEYS[2], 'all') or '-1')
    if #ARGV > 6 then
      covered = covered or stamp <= tonumber(redis.call('HGET', KEYS[2], 'tagfloor') or '-1')
      for i = 7, #ARGV do
        covered = covered or stamp <= tonumber(redis.call('ZSCORE', KEYS[3], ARGV[i]) or '-1')
      end
    end

    if covered then
      redis.call('DEL', KEYS[1])
      tell()
      return '0'
    end
  else
    local last = tonumber(redis.call('HGET', KEYS[2], 'clock') or '0')
    stamp = math.max(time[1] * 1000000 + time[2], last + 1, stamp)
  end
end

local digits = string.format('%016.0f', stamp)
redis.call('SET', KEYS[1], ARGV[1] .. digits .. ARGV[2], 'PX', ARGV[3])
redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
tell()
return digits

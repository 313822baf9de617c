-- Stores what the source brought, if the lease still stands and nothing that covers it was invalidated since it was given.
--
-- KEYS[1]  the entry
-- KEYS[2]  state, KEYS[3] tags (on one server only; on a cluster they may lie elsewhere, and readers find the entry invalid)
-- ARGV[1]  the lease, as it stands under the key
-- ARGV[2]  the entry
-- ARGV[3]  how long it stays, ms
-- ARGV[4]  the lease's stamp
-- ARGV[5…] the entry's tags
--
-- Returns  1 stored, 0 the lease is broken, -1 invalidated

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end

if KEYS[2] then
  local stamp = tonumber(ARGV[4])
  local covered = stamp <= tonumber(redis.call('HGET', KEYS[2], 'all') or '-1')
  if #ARGV > 4 then
    covered = covered or stamp <= tonumber(redis.call('HGET', KEYS[2], 'tagfloor') or '-1')
    for i = 5, #ARGV do
      covered = covered or stamp <= tonumber(redis.call('ZSCORE', KEYS[3], ARGV[i]) or '-1')
    end
  end

  if covered then
    redis.call('DEL', KEYS[1])
    tell()
    return -1
  end
end

redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
tell()
return 1

-- Replaces an entry by what the source brought, if the lease beside it still stands, the entry has not been changed since it was given, and nothing
-- that covers the new one was invalidated.
--
-- KEYS[1]  the entry
-- KEYS[2]  the lease, beside it
-- KEYS[3]  state, KEYS[4] tags (on one server only; on a cluster they may lie elsewhere, and readers find the entry invalid)
-- ARGV[1]  the lease, as it stands
-- ARGV[2]  the beginning of the entry that was there, up to its checksum
-- ARGV[3]  the new entry
-- ARGV[4]  how long it stays, ms
-- ARGV[5]  the lease's stamp
-- ARGV[6…] the new entry's tags
--
-- Returns  1 replaced, 0 the lease or the entry is another, -1 invalidated

if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end

redis.call('DEL', KEYS[2])
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[2] - 1) ~= ARGV[2] then
  tell()
  return 0
end

if KEYS[3] then
  local stamp = tonumber(ARGV[5])
  local covered = stamp <= tonumber(redis.call('HGET', KEYS[3], 'all') or '-1')
  if #ARGV > 5 then
    covered = covered or stamp <= tonumber(redis.call('HGET', KEYS[3], 'tagfloor') or '-1')
    for i = 6, #ARGV do
      covered = covered or stamp <= tonumber(redis.call('ZSCORE', KEYS[4], ARGV[i]) or '-1')
    end
  end

  if covered then
    tell()
    return -1
  end
end

redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('STRLEN', KEYS[1]) -- writing ended the server's memory of who has the key; reading begins it anew
tell()
return 1

-- Begins a lease anew if the lock is still its holder's.
-- KEYS[1]: who has it. ARGV[1]: who asks. ARGV[2]: the lease in milliseconds.
-- Returns 1, or 0 when it is somebody else's or nobody's.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0

-- Gives a lock back if it is still its holder's, and wakes who waits for it.
-- KEYS[1]: who has it. KEYS[2]: is there while somebody waits. ARGV[1]: who asks. ARGV[2]: the channel. ARGV[3]: the lock's name.
-- Returns 1, or 0 when it was somebody else's or nobody's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if redis.call('DEL', KEYS[2]) == 1 then
  redis.pcall('PUBLISH', ARGV[2], ARGV[3]) -- who may not publish still gives back; waiters ask again by themselves
end
return 1

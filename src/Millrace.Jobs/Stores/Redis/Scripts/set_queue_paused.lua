-- Pauses or resumes the queue.
-- ARGV  2 1 or 0
if ARGV[2] == '1' then
  redis.call('HSET', meta, 'paused', '1')
else
  redis.call('HDEL', meta, 'paused')
  wake()
end
return 0

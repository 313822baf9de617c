-- Forgets a worker.
-- ARGV  2 worker
redis.call('ZREM', leases, ARGV[2])
redis.call('HDEL', workers, ARGV[2])
return 0

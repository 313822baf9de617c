-- Writes down a flow that several queues are to have a share of.
-- ARGV  2 the message
redis.call('RPUSH', outbox, ARGV[2])
return 1

-- Counts what the queue holds.
-- Returns  paused, waiting, scheduled, retrying, running, completed, dead, cancelled, blocked
local state = redis.call('HMGET', meta, 'paused', 'stale', 'retrying')
return {
  tonumber(state[1]) or 0, redis.call('LLEN', line) - (tonumber(state[2]) or 0) + redis.call('ZCARD', ready) + redis.call('ZCARD', grouped), redis.call('ZCARD', later), tonumber(state[3]) or 0,
  redis.call('HLEN', running), redis.call('ZCARD', ended[3]), redis.call('ZCARD', ended[4]), redis.call('ZCARD', ended[5]), redis.call('ZCARD', blocked)}

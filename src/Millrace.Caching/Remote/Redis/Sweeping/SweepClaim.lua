-- Gives a node the turn to sweep the server, if there is something to sweep, or leaves it to the node that has it.
--
-- KEYS[1]  state
-- KEYS[2]  the turn: the name of the node that has it
-- ARGV[1]  node
-- ARGV[2]  how long the turn lasts without being renewed, ms
--
-- Returns  {0} nothing was invalidated since the last sweep; {1, ms left} another node has the turn;
--          {2, stamp of the last invalidation, all, tagfloor} this node has it

local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return {1, redis.call('PTTL', KEYS[2])}
end

local state = redis.call('HMGET', KEYS[1], 'invalidated', 'swept', 'all', 'tagfloor')
if not holder and tonumber(state[1] or '0') <= tonumber(state[2] or '0') then
  return {0}
end

redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {2, state[1] or '0', state[3] or '-1', state[4] or '-1'}

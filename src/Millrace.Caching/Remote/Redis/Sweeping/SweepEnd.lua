-- Ends a node's turn to sweep.
--
-- KEYS[1]  state
-- KEYS[2]  the turn
-- ARGV[1]  node
-- ARGV[2]  the stamp up to which nothing invalidated is left; '' the sweep was not finished
--
-- Returns  1 ended, 0 another node has the turn

if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end

redis.call('DEL', KEYS[2])
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'swept', ARGV[2])
end

return 1

-- Adds a line to what a running job has logged; only the last ones are kept.
-- ARGV  2 id  3 token  4 text  5 most lines
-- Returns  1 kept, 0 the claim is no longer the current one
local id = ARGV[2]
local text = redis.call('HGET', running, id)
local run = text and read_run(id, text)
if not run or run.token ~= tonumber(ARGV[3]) then
  return 0
end
local number = redis.call('HINCRBY', logs, id, 1)
redis.call('HSET', logs, table.concat({id, '\0', number % ARGV[5]}), string.format('%.0f,', now) .. ARGV[4])
return 1

-- Keeps a running job's progress.
-- ARGV  2 id  3 token  4 percent  5 plus and message, or a minus
-- Returns  1 kept, 0 the claim is no longer the current one
local text = redis.call('HGET', running, ARGV[2])
local run = text and read_run(ARGV[2], text)
if not run or run.token ~= tonumber(ARGV[3]) then
  return 0
end
run.progress = tonumber(ARGV[4])
run.message = string.sub(ARGV[5], 1, 1) == '+' and string.sub(ARGV[5], 2) or nil
redis.call('HSET', running, ARGV[2], write_run(run))
return 1

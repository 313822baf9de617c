-- Renews a worker's lease and gives back the claims that it does not name.
--
-- ARGV  2 worker  3 lease in ms  4 who the worker is  then id and token of each claim that the worker believes to hold
-- Returns  of each claim in turn: 0 held, 1 held and to be cancelled, 2 lost; then 9 if another queue has to be told

local worker = ARGV[2]
if redis.call('ZADD', leases, string.format('%.0f', now + ARGV[3]), worker) == 1 then
  redis.call('HSET', workers, worker, string.format('%.0f,%s,', now, ARGV[3]) .. ARGV[4])
end

local held, named, order, answers = {}, {}, {}, {}
local all = redis.call('HGETALL', running)
for i = 1, #all, 2 do
  local text = all[i + 1]
  if string.sub(text, -#worker) == worker then
    local run = read_run(all[i], text)
    if run and run.worker == worker then
      held[all[i]] = run
    end
  end
end
for i = 5, #ARGV, 2 do
  local run = held[ARGV[i]]
  local owns = run and run.token == tonumber(ARGV[i + 1])
  answers[#answers + 1] = owns and run.cancel or 2
  if owns then
    named[ARGV[i]] = true
  end
end
for id, run in pairs(held) do
  if not named[id] then
    order[#order + 1] = {run.seq, id}
  end
end
table.sort(order, function(a, b) return a[1] < b[1] end)
for _, one in ipairs(order) do
  release_run(one[2], held[one[2]], 0)
end
if told then
  answers[#answers + 1] = 9
end
return answers

-- What a job has to do with others.
-- ARGV  2 id
-- Returns  nothing when the job is not here; else {condition, {queue, id, end, … of each that it waits for}, {queue and id, a zero byte between them, of each that waits for it}}
local id = ARGV[2]
if redis.call('HEXISTS', jobs, id) == 0 then
  return {}
end
local header, after, behind = redis.call('HGET', links, id) or '0,;', {}, {}
for queue, other in string.gmatch(string.match(header, ';(.*)$'), '([^%z]*)%z([^%z]*)%z') do
  after[#after + 1] = queue
  after[#after + 1] = other
  after[#after + 1] = redis.call('HGET', links, table.concat({id, '\0', queue, '\0', other})) or ''
end
for _, found in ipairs(redis.call('ZRANGEBYLEX', before, '[' .. id .. '\0', '(' .. id .. '\1')) do
  behind[#behind + 1] = string.sub(found, #id + 2)
end
return {tonumber(string.sub(header, 1, 1)), after, behind}

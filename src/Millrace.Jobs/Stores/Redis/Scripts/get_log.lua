-- What a job has logged, oldest first.
-- ARGV  2 id  3 most lines
-- Returns  of each line: when, comma, text
local id, most, lines = ARGV[2], tonumber(ARGV[3]), {}
local last = tonumber(redis.call('HGET', logs, id) or '0')
for number = math.max(1, last - most + 1), last do
  lines[#lines + 1] = redis.call('HGET', logs, table.concat({id, '\0', number % most})) or nil
end
return lines

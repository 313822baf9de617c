-- KEYS[1]: a list. ARGV: values to append. Returns the list's length and its first value.
for _, value in ipairs(ARGV) do
  redis.call('RPUSH', KEYS[1], value)
end
return { redis.call('LLEN', KEYS[1]), redis.call('LINDEX', KEYS[1], 0) }

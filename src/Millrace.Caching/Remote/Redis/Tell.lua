-- Stands before a script that changes keys, where the server does not tell of changes itself: tell() tells every node what the script's caller says of
-- the key, in one step with the change. Where the server does, tell() does nothing.
--
-- KEYS[#KEYS]      state, beside which the other keys are as the script says
-- ARGV[#ARGV - 1]  channel
-- ARGV[#ARGV]      message

local message, channel, state = table.remove(ARGV), table.remove(ARGV), table.remove(KEYS)
local function tell()
  redis.call('PUBLISH', channel, redis.call('HINCRBY', state, 'n', 1) .. ' 0 ' .. message)
end

-- Stands before every script: the keys of one queue, which share a hash tag.
--
-- KEYS  1 jobs       hash   id -> seq, created (doubles), inverted priority, most attempts (16 bits each), flags (8 bits), then what only the client reads
--       2 line       list   ids of waiting jobs of priority 0 that were never claimed, in order of enqueue
--       3 ready      zset   the other waiting jobs; score: inverted priority * 2^42 + due; member: see member()
--       4 later      zset   scheduled jobs; score: due
--       5 running    hash   id -> run
--       6 history    hash   id -> what became of a job that was claimed before or has ended
--       7 meta       hash   seq, token, paused, asleep, stale, retrying, last; full (as many run as may), blocked (nothing to claim before), bucket
--       8 leases     zset   worker -> end of its lease
--       9 workers    hash   worker -> started, lease (ms), and who it is
--      10 gone       hash   id -> how many items of the line do not count, because the job was taken out of it
--      11 completed  12 dead  13 cancelled   zset   ended jobs; score: end
--      14 tags       zset   tag, zero byte, member; score 0
--      15 schedules  hash   name -> schedule     16 ticks  zset  name -> next tick
--      17 unique     hash   unique key -> E (until it has ended), S (until it starts) or T (for a time) and the end of that time, comma, id of the holder
--      18 elapsing   zset   unique key that is held for a time -> end of that time
--      19 starts     zset   starts under a sliding window; score: when
--       20 blocked   zset   jobs that wait for others; score: created
--       21 links     hash   id of such a job -> condition, comma, when it is due, semicolon, queue and id, each with a zero byte, of those that it waits for;
--                           id, zero byte -> how many of them have no final end, comma, bytes of results;
--                           id, zero byte, queue, zero byte, id of one -> empty, or how it ended (a state), then its result behind a plus, or ! for one left out
--       22 before    zset   id of a job that is waited for, zero byte, queue, zero byte, id of the one that waits; score 0
--       23 outbox    list   what other queues have to be told: see RedisJobStore.Flows.cs
--       24 inbox     zset   shares of flows that came from other queues; score: when
--       25 logs      hash   id -> how many lines it has logged; id, zero byte, number of a line modulo the most that are kept -> when, comma, text
--       26 grouped   zset   waiting jobs that have a group, as 'ready' has them
--       27 lines     zset   the same, group by group in order: group, zero byte, inverted priority and due (4 and 14 digits), member; score 0
--       28 turns     zset   group with waiting jobs that may start one -> its turn, the least is next; or 2^50 + ms until which its rate lets it rest
--       29 counts    zset   r, group -> how many of its jobs run, below zero; b, group -> when its bucket of tokens is full again
--                           (meta: grouped, once the queue had a job with a group; turn, the last one given; own_turn, that of the jobs without a group)
-- ARGV  1 now in ms; empty: the server's clock
--
-- All times are ms since 1970. Priorities are inverted (1000 - priority), so that what comes first is smaller.

local jobs, line, ready, later, running, history, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local leases, workers, gone, tags = KEYS[8], KEYS[9], KEYS[10], KEYS[14]
local unique, elapsing, starts = KEYS[17], KEYS[18], KEYS[19]
local blocked, links, before, outbox, inbox, logs = KEYS[20], KEYS[21], KEYS[22], KEYS[23], KEYS[24], KEYS[25]
local grouped, lines, turns, counts = KEYS[26], KEYS[27], KEYS[28], KEYS[29]
local ended = {[3] = KEYS[11], [4] = KEYS[12], [5] = KEYS[13]}
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Unique keys, and what the limits of queues have to remember.

ALTER TABLE millrace.job ADD COLUMN unique_until smallint; -- how long the job holds its key, by the numbers of UniqueUntil: 0 until it has ended, 1 until it starts, 2 for a time

-- Who holds which key. Taken at enqueue and replay, given back by the operation that ends or starts the job, which holds the job's row by then.
CREATE TABLE millrace.unique_key (
  queue text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  job text COLLATE "C" NOT NULL, -- the id of the job that holds it, or held it within the time
  ends_at bigint,                -- held for a time: when it is free again
  PRIMARY KEY (queue, key)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Sweep: keys that are free again.
CREATE INDEX unique_key_end ON millrace.unique_key (ends_at) WHERE ends_at IS NOT NULL;

-- Queues with a rate. Claims from such a queue take turns, so nobody else changes its rows meanwhile. How many run is counted, not kept.
CREATE TABLE millrace.rate (
  queue text COLLATE "C" PRIMARY KEY,
  blocked_until bigint NOT NULL,   -- nothing may start before; 0: now
  bucket double precision NOT NULL -- token bucket: when it is full again, in milliseconds
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- Starts under a sliding window.
CREATE TABLE millrace.start (
  queue text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY (queue, at)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

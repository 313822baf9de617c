-- The job store on PostgreSQL, first version. "millrace." stands for the schema that the store was given. Times are milliseconds since 1970
-- (UTC) by the store's clock, timeouts are in units of 100 ns, states are the numbers of JobState: 0 scheduled, 1 waiting, 2 running,
-- 3 completed, 4 dead, 5 cancelled. Names compare by their bytes (COLLATE "C"), whatever the database's language.

-- The store's clock: the server's, unless a store brings its own. Of one statement it is always the same.
CREATE FUNCTION millrace.clock(fixed bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(fixed, floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint) $$;

-- Fencing tokens: never given twice, and of one job always rising; so no session may keep some in reserve.
CREATE SEQUENCE millrace.token CACHE 1;

CREATE TABLE millrace.job (
  sequence bigint GENERATED ALWAYS AS IDENTITY, -- the order of enqueue
  token bigint NOT NULL DEFAULT 0,              -- the last claim's fencing token; 0: none, or void
  created_at bigint NOT NULL,
  due_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint,
  timeout_ticks bigint CHECK (timeout_ticks >= 0), -- null: no limit
  attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  state smallint NOT NULL,
  priority smallint NOT NULL CHECK (priority BETWEEN -1000 AND 1000),
  rank smallint NOT NULL GENERATED ALWAYS AS (-priority) STORED, -- so that the line is in one direction
  max_attempts smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
  progress smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  cancel_requested boolean NOT NULL DEFAULT false,
  id text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  tags text[] COLLATE "C",                      -- null: none; also row by row in millrace.job_tag
  metadata json,                                -- an object of strings; null: none
  schedule text COLLATE "C",                    -- null: not asked for by a schedule
  unique_key text COLLATE "C",                  -- null: none
  error text,
  progress_message text,
  payload bytea NOT NULL,
  result bytea,
  CONSTRAINT job_state CHECK (state BETWEEN 0 AND 5),
  CONSTRAINT job_worker CHECK ((state = 2) = (worker IS NOT NULL)),
  CONSTRAINT job_finished CHECK ((state >= 3) = (finished_at IS NOT NULL))
) WITH (
  fillfactor = 90, -- room for progress reports beside the row
  -- A job leaves two dead rows behind within seconds: clean up early, and without a rest.
  autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_threshold = 5000, autovacuum_analyze_scale_factor = 0.05
);

-- Enqueue, and every operation on a job that is named.
CREATE UNIQUE INDEX job_id ON millrace.job (id);
-- Claim, List: the line of a queue.
CREATE INDEX job_waiting ON millrace.job (queue, rank, due_at, sequence) WHERE state = 1;
-- Claim, FindWork, List: a queue's scheduled jobs by due time.
CREATE INDEX job_scheduled ON millrace.job (queue, due_at, sequence) WHERE state = 0;
-- Heartbeat, Sweep, GetWorkers, GetQueues: running jobs by worker. Its condition is not one on the state, lest the planner take this small index
-- for statements that name their jobs.
CREATE INDEX job_running ON millrace.job (worker) WHERE worker IS NOT NULL;
-- Sweep, List: ended jobs of a state, longest ended first.
CREATE INDEX job_ended ON millrace.job (state, finished_at, sequence) WHERE state >= 3;

-- List: jobs with a tag, last enqueued first.
CREATE TABLE millrace.job_tag (
  tag text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tag, sequence)
);

-- What each queue holds, but for running jobs, which are few and counted by their index. Operations never change these rows, which every
-- transaction would have to wait for: they add to millrace.queue_change, and now and then the changes are added up. A queue without a row
-- here is empty but for its changes, and not paused.
CREATE TABLE millrace.queue (
  name text COLLATE "C" PRIMARY KEY,
  paused boolean NOT NULL DEFAULT false,
  scheduled bigint NOT NULL DEFAULT 0,
  retrying bigint NOT NULL DEFAULT 0, -- the part of scheduled that has failed before
  waiting bigint NOT NULL DEFAULT 0,
  completed bigint NOT NULL DEFAULT 0,
  dead bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- By how much a transaction changed what a queue holds; null is zero.
CREATE TABLE millrace.queue_change (
  queue text COLLATE "C" NOT NULL,
  scheduled bigint,
  retrying bigint,
  waiting bigint,
  completed bigint,
  dead bigint,
  cancelled bigint
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- Workers and their leases. A worker has a row for each connection that it renews its lease on, so that what it does at the same time
-- does not wait for each other's commit; its lease is the latest of them.
CREATE TABLE millrace.worker (
  id text COLLATE "C" NOT NULL,
  slot integer NOT NULL,
  host text NOT NULL,
  process_id integer NOT NULL,
  queues text[] NOT NULL,
  started_at bigint NOT NULL,
  seen_at bigint NOT NULL,
  lease_until bigint NOT NULL,
  PRIMARY KEY (id, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE millrace.schedule (
  name text COLLATE "C" PRIMARY KEY,
  cron text NOT NULL,
  time_zone text NOT NULL,
  queue text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  payload bytea NOT NULL,
  priority smallint NOT NULL,
  max_attempts smallint NOT NULL,
  timeout_ticks bigint,
  tags text[],
  metadata json,
  next_at bigint, -- null: no tick follows
  last_at bigint,
  last_job text,
  paused boolean NOT NULL DEFAULT false
);

CREATE INDEX schedule_next ON millrace.schedule (next_at, name) WHERE NOT paused AND next_at IS NOT NULL;

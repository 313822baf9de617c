-- The job store, first version. Times are milliseconds since 1970 (UTC) by the store's clock, timeouts are in units of 100 ns,
-- states are the numbers of JobState: 0 scheduled, 1 waiting, 2 running, 3 completed, 4 dead, 5 cancelled.

CREATE TABLE millrace_job (
  sequence INTEGER PRIMARY KEY,            -- the order of enqueue
  id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
  priority INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
  timeout_ticks INTEGER,                   -- null: no limit
  tags TEXT NOT NULL,                      -- a JSON array of strings, also row by row in millrace_job_tag
  schedule TEXT,                           -- null: not asked for by a schedule
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  worker TEXT,
  token INTEGER NOT NULL,                  -- the last claim's fencing token; 0: none, or void
  cancel_requested INTEGER NOT NULL,
  error TEXT,
  result BLOB,
  progress INTEGER NOT NULL,
  progress_message TEXT,
  CHECK ((state = 2) = (worker IS NOT NULL)),
  CHECK ((state >= 3) = (finished_at IS NOT NULL))
);

-- Apart from the job, because a job's row is rewritten with every transition and its payload never.
CREATE TABLE millrace_payload (
  job INTEGER PRIMARY KEY,
  payload BLOB NOT NULL
);

CREATE TABLE millrace_job_tag (
  job INTEGER NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (job, tag)
) WITHOUT ROWID;

-- List: jobs with a tag, last enqueued first.
CREATE INDEX millrace_job_tag_list ON millrace_job_tag (tag, job);

-- Claim: the next waiting jobs of a queue.
CREATE INDEX millrace_job_waiting ON millrace_job (queue, priority DESC, due_at, sequence) WHERE state = 1;
-- Claim, wait: a queue's scheduled jobs by due time.
CREATE INDEX millrace_job_scheduled ON millrace_job (queue, due_at) WHERE state = 0;
-- Heartbeat, sweep, workers: running jobs by worker.
CREATE INDEX millrace_job_running ON millrace_job (worker) WHERE state = 2;
-- Sweep: ended jobs of a state, longest ended first.
CREATE INDEX millrace_job_ended ON millrace_job (state, finished_at) WHERE state >= 3;
-- List: ended jobs of a state, last enqueued first.
CREATE INDEX millrace_job_ended_list ON millrace_job (state) WHERE state >= 3;

-- What each queue holds, kept in step by every operation within its own transaction, so that no count ever scans.
CREATE TABLE millrace_queue (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL,
  scheduled INTEGER NOT NULL CHECK (scheduled >= 0),
  retrying INTEGER NOT NULL CHECK (retrying >= 0), -- the part of scheduled that has failed before
  waiting INTEGER NOT NULL CHECK (waiting >= 0),
  running INTEGER NOT NULL CHECK (running >= 0),
  completed INTEGER NOT NULL CHECK (completed >= 0),
  dead INTEGER NOT NULL CHECK (dead >= 0),
  cancelled INTEGER NOT NULL CHECK (cancelled >= 0)
) WITHOUT ROWID;

CREATE TABLE millrace_worker (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  process_id INTEGER NOT NULL,
  queues TEXT NOT NULL,                    -- a JSON array of strings
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE millrace_schedule (
  name TEXT PRIMARY KEY,
  cron TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  payload BLOB NOT NULL,
  priority INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  timeout_ticks INTEGER,
  tags TEXT NOT NULL,
  next_at INTEGER,                         -- null: no tick follows
  last_at INTEGER,
  last_job TEXT,
  paused INTEGER NOT NULL
);

CREATE INDEX millrace_schedule_next ON millrace_schedule (next_at, name) WHERE paused = 0 AND next_at IS NOT NULL;

-- Fencing tokens are never given twice.
CREATE TABLE millrace_token (
  last INTEGER NOT NULL
);
INSERT INTO millrace_token (last) VALUES (0);

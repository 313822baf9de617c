-- Jobs that wait for others: state 6, blocked. A table's checks cannot be changed, so the jobs move to a new one; rows keep their keys.

CREATE TABLE millrace_job_moved (
  sequence INTEGER PRIMARY KEY,            -- the order of enqueue
  id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
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
  metadata TEXT,                           -- a JSON object of strings; null: none
  unique_key TEXT,                         -- null: none
  unique_until INTEGER,
  CHECK ((state = 2) = (worker IS NOT NULL)),
  CHECK ((state IN (3, 4, 5)) = (finished_at IS NOT NULL))
);

INSERT INTO millrace_job_moved
SELECT sequence, id, queue, type, state, priority, attempt, max_attempts, timeout_ticks, tags, schedule, created_at, due_at, started_at, finished_at, worker, token,
  cancel_requested, error, result, progress, progress_message, metadata, unique_key, unique_until
FROM millrace_job;

DROP TABLE millrace_job;
ALTER TABLE millrace_job_moved RENAME TO millrace_job;

-- Claim: the next waiting jobs of a queue.
CREATE INDEX millrace_job_waiting ON millrace_job (queue, priority DESC, due_at, sequence) WHERE state = 1;
-- Claim, wait: a queue's scheduled jobs by due time.
CREATE INDEX millrace_job_scheduled ON millrace_job (queue, due_at) WHERE state = 0;
-- Heartbeat, sweep, workers: running jobs by worker.
CREATE INDEX millrace_job_running ON millrace_job (worker) WHERE state = 2;
-- Sweep, list: ended jobs of a state, longest ended first; and blocked ones, which have no end, in order of enqueue.
CREATE INDEX millrace_job_ended ON millrace_job (state, finished_at) WHERE state >= 3;

ALTER TABLE millrace_queue ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked >= 0);

-- What a job waits for, or waited for: as a whole …
CREATE TABLE millrace_wait (
  job INTEGER PRIMARY KEY,                 -- the sequence of the job that waits
  condition INTEGER NOT NULL,              -- the number of JobCondition
  delay INTEGER NOT NULL,                  -- milliseconds from when it need not wait any more
  at INTEGER,                              -- null: no time
  open INTEGER NOT NULL CHECK (open >= 0), -- links whose end is not final
  result_bytes INTEGER NOT NULL
);

-- … and one by one.
CREATE TABLE millrace_link (
  job INTEGER NOT NULL,
  position INTEGER NOT NULL,
  queue TEXT NOT NULL,                     -- of the job that is waited for, which may be gone
  id TEXT NOT NULL,
  ended INTEGER,                           -- a state; null: not yet
  result BLOB,
  omitted INTEGER NOT NULL,                -- 1: its result was too large to be passed on
  PRIMARY KEY (job, position)
) WITHOUT ROWID;

-- The end of a job: those that wait for it.
CREATE INDEX millrace_link_before ON millrace_link (id, queue);

-- Groups of jobs in a queue, which take turns. Jobs of groups stand in lines of their own, so that nobody passes over those of others.

ALTER TABLE millrace_job ADD COLUMN job_group TEXT;      -- null: none
ALTER TABLE millrace_schedule ADD COLUMN job_group TEXT; -- the same, of its jobs

-- Claim: the next waiting jobs of a queue that have no group.
DROP INDEX millrace_job_waiting;
CREATE INDEX millrace_job_waiting ON millrace_job (queue, priority DESC, due_at, sequence) WHERE state = 1 AND job_group IS NULL;
-- Claim: those of a group.
CREATE INDEX millrace_job_group_line ON millrace_job (queue, job_group, priority DESC, due_at, sequence) WHERE state = 1 AND job_group IS NOT NULL;
-- List: those of all groups.
CREATE INDEX millrace_job_group_waiting ON millrace_job (queue, priority DESC, due_at, sequence) WHERE state = 1 AND job_group IS NOT NULL;
-- Claim: how many of a group run.
CREATE INDEX millrace_job_group_running ON millrace_job (queue, job_group) WHERE state = 2 AND job_group IS NOT NULL;

-- The groups of a queue that have waiting jobs; and, while there are any, a row with an empty name for the jobs without a group.
CREATE TABLE millrace_group (
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  turn INTEGER,                            -- who comes next has the least; null: at a limit
  rests_until INTEGER,                     -- at the limit of its rate until then; null: not
  PRIMARY KEY (queue, name)
) WITHOUT ROWID;

CREATE INDEX millrace_group_turn ON millrace_group (queue, turn) WHERE turn IS NOT NULL;
CREATE INDEX millrace_group_rest ON millrace_group (queue, rests_until) WHERE rests_until IS NOT NULL;

-- The rate of a group: when its bucket of tokens is full again, in milliseconds.
CREATE TABLE millrace_group_bucket (
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  full_at REAL NOT NULL,
  PRIMARY KEY (queue, name)
) WITHOUT ROWID;

-- Sweep: buckets that are full.
CREATE INDEX millrace_group_bucket_full ON millrace_group_bucket (full_at);

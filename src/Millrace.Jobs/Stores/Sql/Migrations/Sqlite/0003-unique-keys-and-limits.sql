-- Unique keys: of a job, and who holds which. Ways of holding are the numbers of UniqueUntil: 0 until it has ended, 1 until it starts, 2 for a time.

ALTER TABLE millrace_job ADD COLUMN unique_key TEXT;      -- null: none
ALTER TABLE millrace_job ADD COLUMN unique_until INTEGER;

CREATE TABLE millrace_unique (
  queue TEXT NOT NULL,
  key TEXT NOT NULL,
  job TEXT NOT NULL,                       -- the id of the job that holds it, or held it within the time
  until INTEGER NOT NULL,
  ends_at INTEGER,                         -- for a time: when it is free again
  PRIMARY KEY (queue, key)
) WITHOUT ROWID;

-- Sweep: keys that are free again.
CREATE INDEX millrace_unique_end ON millrace_unique (ends_at) WHERE ends_at IS NOT NULL;

-- What the limits of a queue have to remember.
CREATE TABLE millrace_limit (
  queue TEXT PRIMARY KEY,
  full INTEGER NOT NULL,                   -- 1: as many run as may
  blocked_until INTEGER NOT NULL,          -- nothing may start before; 0: now
  bucket REAL NOT NULL                     -- token bucket: when it is full again, in milliseconds
) WITHOUT ROWID;

-- Starts under a sliding window.
CREATE TABLE millrace_start (
  queue TEXT NOT NULL,
  at INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (queue, at)
) WITHOUT ROWID;

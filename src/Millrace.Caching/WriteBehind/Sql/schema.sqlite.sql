-- Pending and dead writes in SQLite, 3.35 or newer. Run at every start.
CREATE TABLE IF NOT EXISTS millrace_writes_schema (version INTEGER PRIMARY KEY);
INSERT INTO millrace_writes_schema (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM millrace_writes_schema);

-- One row a partition of a write-behind: its counts, its last number, and its owner.
CREATE TABLE IF NOT EXISTS millrace_writes_partition (
    name TEXT NOT NULL, part INTEGER NOT NULL,
    sequence INTEGER NOT NULL, pending INTEGER NOT NULL, bytes INTEGER NOT NULL, dead INTEGER NOT NULL,
    owner TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (name, part)) WITHOUT ROWID;

-- At most one row a key. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS millrace_writes (
    name TEXT NOT NULL, part INTEGER NOT NULL, key TEXT NOT NULL,
    sequence INTEGER NOT NULL, attempts INTEGER NOT NULL, since INTEGER NOT NULL, due INTEGER NOT NULL, weight INTEGER NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (name, part, key));
CREATE INDEX IF NOT EXISTS millrace_writes_due ON millrace_writes (name, part, due, key);
CREATE INDEX IF NOT EXISTS millrace_writes_since ON millrace_writes (name, part, since);

CREATE TABLE IF NOT EXISTS millrace_writes_dead (
    name TEXT NOT NULL, part INTEGER NOT NULL, key TEXT NOT NULL,
    sequence INTEGER NOT NULL, attempts INTEGER NOT NULL, since INTEGER NOT NULL, died INTEGER NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (name, part, key));

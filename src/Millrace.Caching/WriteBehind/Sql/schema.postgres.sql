-- Pending and dead writes in PostgreSQL. Run at every start, by one at a time.
SELECT pg_advisory_xact_lock(5573589319906701683);
CREATE TABLE IF NOT EXISTS millrace_writes_schema (version bigint PRIMARY KEY);
INSERT INTO millrace_writes_schema (version) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM millrace_writes_schema);

-- One row a partition of a write-behind: its counts, its last number, and its owner. Every operation locks it first.
CREATE TABLE IF NOT EXISTS millrace_writes_partition (
    name text COLLATE "C" NOT NULL, part bigint NOT NULL,
    sequence bigint NOT NULL, pending bigint NOT NULL, bytes bigint NOT NULL, dead bigint NOT NULL,
    owner text NOT NULL, fence bigint NOT NULL, until bigint NOT NULL,
    PRIMARY KEY (name, part));

-- At most one row a key. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS millrace_writes (
    name text COLLATE "C" NOT NULL, part bigint NOT NULL, key text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL, attempts bigint NOT NULL, since bigint NOT NULL, due bigint NOT NULL, weight bigint NOT NULL, payload bytea NOT NULL,
    PRIMARY KEY (name, part, key));
CREATE INDEX IF NOT EXISTS millrace_writes_due ON millrace_writes (name, part, due, key);
CREATE INDEX IF NOT EXISTS millrace_writes_since ON millrace_writes (name, part, since);

CREATE TABLE IF NOT EXISTS millrace_writes_dead (
    name text COLLATE "C" NOT NULL, part bigint NOT NULL, key text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL, attempts bigint NOT NULL, since bigint NOT NULL, died bigint NOT NULL, reason text NOT NULL, payload bytea NOT NULL,
    PRIMARY KEY (name, part, key));

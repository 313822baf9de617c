-- Schedules with a start, an end, a number of runs, and a way to treat missed ticks.

ALTER TABLE millrace_schedule ADD COLUMN starts_at INTEGER;           -- null: no bound, also below
ALTER TABLE millrace_schedule ADD COLUMN ends_at INTEGER;
ALTER TABLE millrace_schedule ADD COLUMN maximum_runs INTEGER;
ALTER TABLE millrace_schedule ADD COLUMN misfire INTEGER NOT NULL DEFAULT 0; -- the number of ScheduleMisfire
ALTER TABLE millrace_schedule ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;    -- jobs that its ticks have enqueued

-- Schedules with a start, an end, a number of runs, and a way to treat missed ticks.

ALTER TABLE millrace.schedule
  ADD COLUMN starts_at bigint,                       -- null: no bound, also below
  ADD COLUMN ends_at bigint,
  ADD COLUMN maximum_runs integer,
  ADD COLUMN misfire smallint NOT NULL DEFAULT 0,    -- the number of ScheduleMisfire
  ADD COLUMN runs bigint NOT NULL DEFAULT 0;         -- jobs that its ticks have enqueued

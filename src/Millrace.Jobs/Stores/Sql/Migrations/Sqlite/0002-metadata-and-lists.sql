-- Metadata travels with a job; lists go down the orders that operations use anyway.

ALTER TABLE millrace_job ADD COLUMN metadata TEXT;      -- a JSON object of strings; null: none
ALTER TABLE millrace_schedule ADD COLUMN metadata TEXT; -- the same, for its jobs

DROP INDEX millrace_job_ended_list;

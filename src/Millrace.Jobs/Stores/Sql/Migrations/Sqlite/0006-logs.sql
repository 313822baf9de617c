-- What jobs have logged: the last lines of each.

CREATE TABLE millrace_log (
  job INTEGER NOT NULL,
  number INTEGER NOT NULL,                 -- from 1
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (job, number)
) WITHOUT ROWID;

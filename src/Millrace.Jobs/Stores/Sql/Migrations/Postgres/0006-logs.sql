-- What jobs have logged: the last lines of each.

CREATE TABLE millrace.log (
  job text COLLATE "C" NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  at bigint NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (job, number)
);

ALTER TABLE millrace.job ADD COLUMN logged boolean NOT NULL DEFAULT false; -- has logged lines

CREATE FUNCTION millrace.remove_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM millrace.log WHERE job = OLD.id;
  RETURN NULL;
END $$;

CREATE TRIGGER job_log_removed AFTER DELETE ON millrace.job FOR EACH ROW WHEN (OLD.logged) EXECUTE FUNCTION millrace.remove_log();

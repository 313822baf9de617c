-- Jobs that wait for others: state 6, blocked.

ALTER TABLE millrace.job
  DROP CONSTRAINT job_state, DROP CONSTRAINT job_finished,
  ADD CONSTRAINT job_state CHECK (state BETWEEN 0 AND 6),
  ADD CONSTRAINT job_finished CHECK ((state IN (3, 4, 5)) = (finished_at IS NOT NULL)),
  ADD COLUMN waits boolean NOT NULL DEFAULT false,   -- waits for others, or did
  ADD COLUMN awaited boolean NOT NULL DEFAULT false; -- others wait for it, or did; set with the row locked, so that whoever ends it meanwhile sees it

ALTER TABLE millrace.queue ADD COLUMN blocked bigint NOT NULL DEFAULT 0;
ALTER TABLE millrace.queue_change ADD COLUMN blocked bigint;

-- What a job waits for, or waited for: as a whole …
CREATE TABLE millrace.wait (
  job text COLLATE "C" PRIMARY KEY,
  condition smallint NOT NULL,     -- the number of JobCondition
  delay bigint NOT NULL,           -- milliseconds from when it need not wait any more
  at bigint,                       -- null: no time
  open integer NOT NULL,           -- links whose end is not final
  result_bytes bigint NOT NULL DEFAULT 0
);

-- … and one by one.
CREATE TABLE millrace.link (
  job text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  queue text COLLATE "C" NOT NULL, -- of the job that is waited for, which may be gone
  id text COLLATE "C" NOT NULL,
  ended smallint,                  -- a state; null: not yet
  result bytea,
  omitted boolean NOT NULL DEFAULT false, -- its result was too large to be passed on
  PRIMARY KEY (job, position)
);
-- Tell, GetLinks: those that wait for a job.
CREATE INDEX link_before ON millrace.link (id, queue);

-- Ends of awaited jobs of which those that wait for them have yet to be told: written with the end, taken away with the telling.
CREATE TABLE millrace.link_end (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  ended smallint NOT NULL,
  result bytea
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION millrace.note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO millrace.link_end (queue, id, ended, result) VALUES (NEW.queue, NEW.id, NEW.state, CASE WHEN NEW.state = 3 THEN NEW.result END);
    RETURN NULL;
  END IF;
  IF OLD.waits THEN
    DELETE FROM millrace.link WHERE job = OLD.id;
    DELETE FROM millrace.wait WHERE job = OLD.id;
  END IF;
  IF OLD.awaited THEN
    INSERT INTO millrace.link_end (queue, id, ended) VALUES (OLD.queue, OLD.id, 5);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER job_ended AFTER UPDATE OF state ON millrace.job FOR EACH ROW
  WHEN (NEW.awaited AND NEW.state IN (3, 4, 5) AND OLD.state <> NEW.state) EXECUTE FUNCTION millrace.note_end();
CREATE TRIGGER job_removed AFTER DELETE ON millrace.job FOR EACH ROW WHEN (OLD.awaited OR OLD.waits) EXECUTE FUNCTION millrace.note_end();

-- Tells those that wait how jobs have ended, and does what their conditions say; see LinkRules. Ends that this causes follow. Gives the queues in which jobs became pending.
CREATE FUNCTION millrace.tell(fixed bigint, most integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  e record;
  l record;
  j record;
  fits boolean;
  remaining integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('millrace.tell', 0)); -- one after the other, so that two ends of what one job waits for do not miss each other
  FOR i IN 1..most LOOP
    DELETE FROM millrace.link_end WHERE number = (SELECT min(number) FROM millrace.link_end) RETURNING * INTO e;
    EXIT WHEN NOT FOUND;
    FOR l IN
      SELECT k.job, k.position, w.condition, w.delay, w.at, w.open, w.result_bytes FROM millrace.link k JOIN millrace.wait w ON w.job = k.job
      WHERE k.id = e.id AND k.queue = e.queue AND (k.ended IS NULL OR (k.ended = 4 AND w.condition = 0)) ORDER BY k.job
    LOOP
      fits := e.result IS NULL OR l.result_bytes + octet_length(e.result) <= 1048576;
      remaining := l.open - CASE WHEN e.ended <> 4 OR l.condition > 0 THEN 1 ELSE 0 END;
      UPDATE millrace.link SET ended = e.ended, result = CASE WHEN fits THEN e.result END, omitted = NOT fits WHERE job = l.job AND position = l.position;
      UPDATE millrace.wait
      SET open = remaining, result_bytes = l.result_bytes + CASE WHEN fits THEN coalesce(octet_length(e.result), 0) ELSE 0 END WHERE job = l.job;
      IF (l.condition = 3 AND e.ended <> 3) OR (remaining = 0 AND l.condition <> 3 AND (e.ended = 3 OR l.condition = 2)) THEN
        UPDATE millrace.job
        SET due_at = greatest(coalesce(l.at, 0), millrace.clock(fixed) + l.delay),
            state = CASE WHEN greatest(coalesce(l.at, 0), millrace.clock(fixed) + l.delay) > millrace.clock(fixed) THEN 0 ELSE 1 END
        WHERE id = l.job AND state = 6 RETURNING queue, state INTO j;
        IF FOUND THEN
          INSERT INTO millrace.queue_change (queue, blocked, scheduled, waiting) VALUES (j.queue, -1, 1 - j.state, j.state);
          RETURN NEXT j.queue;
        END IF;
      ELSIF (l.condition = 3 AND remaining = 0) OR (l.condition < 2 AND (e.ended = 5 OR (e.ended = 4 AND l.condition = 1))) THEN
        UPDATE millrace.job
        SET state = 5, finished_at = millrace.clock(fixed), error = CASE
          WHEN l.condition = 3 THEN 'It was not needed: all jobs that it waited for completed.'
          WHEN e.ended = 4 THEN 'The job ''' || e.id || ''' that it waited for is dead.'
          ELSE 'The job ''' || e.id || ''' that it waited for was cancelled or removed.' END
        WHERE id = l.job AND state = 6 RETURNING queue INTO j;
        IF FOUND THEN
          INSERT INTO millrace.queue_change (queue, blocked, cancelled) VALUES (j.queue, -1, 1);
        END IF;
      END IF;
    END LOOP;
  END LOOP;
END $$;

-- Groups of jobs in a queue, which take turns. Jobs of groups stand in lines of their own, so that nobody passes over those of others.

ALTER TABLE millrace.job ADD COLUMN job_group text COLLATE "C";      -- null: none
ALTER TABLE millrace.schedule ADD COLUMN job_group text COLLATE "C"; -- the same, of its jobs

-- Claim, List: the line of the jobs of a queue that have no group.
DROP INDEX millrace.job_waiting;
CREATE INDEX job_waiting ON millrace.job (queue, rank, due_at, sequence) WHERE state = 1 AND job_group IS NULL;
-- Claim: that of a group.
CREATE INDEX job_group_line ON millrace.job (queue, job_group, rank, due_at, sequence) WHERE state = 1 AND job_group IS NOT NULL;
-- List: those of all groups.
CREATE INDEX job_group_waiting ON millrace.job (queue, rank, due_at, sequence) WHERE state = 1 AND job_group IS NOT NULL;
-- Claim: how many of a group run.
CREATE INDEX job_group_running ON millrace.job (queue, job_group) WHERE worker IS NOT NULL AND job_group IS NOT NULL;

-- The groups of a queue that have waiting jobs; and, while there are any, a row with an empty name for the jobs without a group. Only claims write it, one
-- at a time for each queue.
CREATE TABLE millrace.job_group (
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  turn bigint,        -- who comes next has the least; null: at a limit
  rests_until bigint, -- at the limit of its rate until then; null: not
  PRIMARY KEY (queue, name)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX job_group_turn ON millrace.job_group (queue, turn) WHERE turn IS NOT NULL;
CREATE INDEX job_group_rest ON millrace.job_group (queue, rests_until) WHERE rests_until IS NOT NULL;

-- The rate of a group: when its bucket of tokens is full again, in milliseconds. Written by claims, too.
CREATE TABLE millrace.group_bucket (
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  full_at double precision NOT NULL,
  PRIMARY KEY (queue, name)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX group_bucket_full ON millrace.group_bucket (full_at);

-- Groups of which a job waits or has ended since the last claim: for the next one to look at. Whoever makes such a change adds a row, and so waits for nobody.
CREATE TABLE millrace.group_news (
  number bigint GENERATED ALWAYS AS IDENTITY,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  transaction bigint NOT NULL -- one row for each group is enough
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX group_news_name ON millrace.group_news (queue, name, transaction);
CREATE INDEX group_news_order ON millrace.group_news (queue, number);

CREATE FUNCTION millrace.note_group() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  j millrace.job%ROWTYPE;
BEGIN
  IF TG_OP = 'INSERT' THEN
    j := NEW;
  ELSE
    j := OLD;
  END IF;
  INSERT INTO millrace.group_news (queue, name, transaction)
  SELECT j.queue, j.job_group, txid_current()
  WHERE NOT EXISTS (SELECT 1 FROM millrace.group_news n WHERE n.queue = j.queue AND n.name = j.job_group AND n.transaction = txid_current());
  RETURN NULL;
END $$;

CREATE TRIGGER job_group_added AFTER INSERT ON millrace.job FOR EACH ROW
  WHEN (NEW.job_group IS NOT NULL AND NEW.state = 1) EXECUTE FUNCTION millrace.note_group();
CREATE TRIGGER job_group_changed AFTER UPDATE OF state ON millrace.job FOR EACH ROW
  WHEN (OLD.job_group IS NOT NULL AND OLD.state <> NEW.state AND (OLD.state = 2 OR NEW.state = 1)) EXECUTE FUNCTION millrace.note_group();
CREATE TRIGGER job_group_removed AFTER DELETE ON millrace.job FOR EACH ROW
  WHEN (OLD.job_group IS NOT NULL AND OLD.state = 2) EXECUTE FUNCTION millrace.note_group();

CREATE FUNCTION millrace.group_waits(wanted text, named text) RETURNS boolean LANGUAGE sql VOLATILE
  AS $$ SELECT EXISTS (SELECT 1 FROM millrace.job j WHERE j.queue = wanted AND j.job_group = named AND j.state = 1 AND j.job_group IS NOT NULL) $$;

-- A job that starts gives its key back when it holds it until then.
CREATE FUNCTION millrace.start_unique(j millrace.job) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF j.unique_until = 1 THEN
    DELETE FROM millrace.unique_key u WHERE u.queue = j.queue AND u.key = j.unique_key AND u.job = j.id AND u.ends_at IS NULL;
  END IF;
END $$;

-- Claims up to so many jobs of a queue that has groups: they and the jobs without one take turns. See GroupRing.
CREATE FUNCTION millrace.claim_in_turn(
  wanted text, claimer text, most bigint, most_running bigint, rate_count bigint, rate_period bigint, fixed bigint) RETURNS SETOF millrace.job LANGUAGE plpgsql AS $$
DECLARE
  r millrace.job%ROWTYPE;
  g record;
  moment bigint := millrace.clock(fixed);
  last_turn bigint;
  own_turn bigint;
  is_others_left boolean := true;
  taken bigint := 0;
  before bigint;
  passed text[] := '{}';
  bucket double precision;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('millrace.group ' || wanted, 0));
  IF EXISTS (SELECT 1 FROM millrace.queue p WHERE p.name = wanted AND p.paused) THEN
    RETURN;
  END IF;

  -- Groups that have jobs, or room, since the last claim; and those that have rested.
  SELECT coalesce(max(o.turn), 0) INTO last_turn FROM millrace.job_group o WHERE o.queue = wanted AND o.turn IS NOT NULL;
  FOR g IN
    WITH told AS (
      DELETE FROM millrace.group_news
      WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM millrace.group_news n WHERE n.queue = wanted ORDER BY n.number LIMIT 10000 FOR UPDATE SKIP LOCKED))
      RETURNING name, number)
    SELECT t.name, min(t.number) AS first FROM told t GROUP BY t.name ORDER BY 2
  LOOP
    IF millrace.group_waits(wanted, g.name) THEN
      INSERT INTO millrace.job_group AS o (queue, name, turn) VALUES (wanted, g.name, last_turn + 1)
      ON CONFLICT (queue, name) DO UPDATE SET turn = excluded.turn WHERE o.turn IS NULL AND o.rests_until IS NULL;
      last_turn := last_turn + 1;
    ELSE
      DELETE FROM millrace.job_group o WHERE o.queue = wanted AND o.name = g.name;
    END IF;
  END LOOP;
  FOR g IN SELECT o.name FROM millrace.job_group o WHERE o.queue = wanted AND o.rests_until <= moment ORDER BY o.rests_until, o.name LOOP
    last_turn := last_turn + 1;
    UPDATE millrace.job_group o SET turn = last_turn, rests_until = NULL WHERE o.queue = wanted AND o.name = g.name;
  END LOOP;

  SELECT coalesce(max(o.turn), 0) INTO own_turn FROM millrace.job_group o WHERE o.queue = wanted AND o.name = '';
  WHILE taken < most LOOP
    SELECT o.name, o.turn INTO g FROM millrace.job_group o WHERE o.queue = wanted AND o.turn IS NOT NULL AND o.name <> '' ORDER BY o.turn LIMIT 1;
    IF g.name = ANY (passed) THEN
      g.name := NULL; -- others are at the jobs of all that are left
    END IF;
    IF g.name IS NULL OR (is_others_left AND own_turn < g.turn) THEN
      EXIT WHEN NOT is_others_left;
      before := taken;
      FOR r IN
        WITH claimed AS (
          UPDATE millrace.job
          SET state = 2, attempt = attempt + 1, worker = claimer, token = nextval('millrace.token'), started_at = moment, progress = 0, progress_message = NULL
          WHERE ctid = ANY (ARRAY(
            SELECT j.ctid FROM millrace.job j WHERE j.queue = wanted AND j.state = 1 AND j.job_group IS NULL
            ORDER BY j.rank, j.due_at, j.sequence LIMIT CASE WHEN g.name IS NULL THEN most - taken ELSE 1 END FOR UPDATE SKIP LOCKED))
          RETURNING *)
        SELECT * FROM claimed c ORDER BY c.rank, c.due_at, c.sequence
      LOOP
        taken := taken + 1;
        RETURN NEXT r;
        PERFORM millrace.start_unique(r);
      END LOOP;
      is_others_left := taken > before AND g.name IS NOT NULL;
      IF taken > before THEN
        last_turn := last_turn + 1;
        own_turn := last_turn;
      END IF;
      CONTINUE;
    END IF;

    IF most_running IS NOT NULL AND most_running <= (
      SELECT count(*) FROM millrace.job j WHERE j.queue = wanted AND j.job_group = g.name AND j.worker IS NOT NULL AND j.job_group IS NOT NULL) THEN
      UPDATE millrace.job_group o SET turn = NULL WHERE o.queue = wanted AND o.name = g.name;
      CONTINUE;
    END IF;
    IF rate_count IS NOT NULL THEN
      SELECT max(b.full_at) INTO bucket FROM millrace.group_bucket b WHERE b.queue = wanted AND b.name = g.name;
      bucket := least(greatest(coalesce(bucket, 0), moment), moment + rate_period);
      IF floor((moment + rate_period - bucket) * rate_count / rate_period + 1e-6) < 1 THEN
        UPDATE millrace.job_group o SET turn = NULL, rests_until = ceil(bucket + rate_period::double precision / rate_count - rate_period - 1e-6)
        WHERE o.queue = wanted AND o.name = g.name;
        CONTINUE;
      END IF;
    END IF;

    UPDATE millrace.job
    SET state = 2, attempt = attempt + 1, worker = claimer, token = nextval('millrace.token'), started_at = moment, progress = 0, progress_message = NULL
    WHERE ctid = ANY (ARRAY(
      SELECT j.ctid FROM millrace.job j WHERE j.queue = wanted AND j.job_group = g.name AND j.state = 1 AND j.job_group IS NOT NULL
      ORDER BY j.rank, j.due_at, j.sequence LIMIT 1 FOR UPDATE SKIP LOCKED))
    RETURNING * INTO r;
    IF FOUND THEN
      taken := taken + 1;
      RETURN NEXT r;
      IF rate_count IS NOT NULL THEN
        INSERT INTO millrace.group_bucket (queue, name, full_at) VALUES (wanted, g.name, bucket + rate_period::double precision / rate_count)
        ON CONFLICT (queue, name) DO UPDATE SET full_at = excluded.full_at;
      END IF;
      PERFORM millrace.start_unique(r);
    ELSE
      passed := passed || g.name;
    END IF;
    IF millrace.group_waits(wanted, g.name) THEN
      last_turn := last_turn + 1;
      UPDATE millrace.job_group o SET turn = last_turn WHERE o.queue = wanted AND o.name = g.name;
    ELSE
      DELETE FROM millrace.job_group o WHERE o.queue = wanted AND o.name = g.name;
    END IF;
  END LOOP;

  IF NOT EXISTS (SELECT 1 FROM millrace.job_group o WHERE o.queue = wanted AND o.name <> '') THEN
    DELETE FROM millrace.job_group o WHERE o.queue = wanted;
  ELSIF own_turn > 0 THEN
    INSERT INTO millrace.job_group (queue, name, turn) VALUES (wanted, '', own_turn) ON CONFLICT (queue, name) DO UPDATE SET turn = excluded.turn;
  END IF;
  IF taken > 0 THEN
    INSERT INTO millrace.queue_change (queue, waiting) VALUES (wanted, -taken);
  END IF;
END $$;

-- Forgets what is no longer needed of groups: claims do so too, but to a queue that nobody serves none comes. Looks at so many rows at most that a sweep is
-- not long; of a queue that is served they are few.
CREATE FUNCTION millrace.forget_groups(fixed bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q text;
BEGIN
  DELETE FROM millrace.group_bucket
  WHERE ctid = ANY (ARRAY(SELECT b.ctid FROM millrace.group_bucket b WHERE b.full_at <= millrace.clock(fixed) LIMIT 10000 FOR UPDATE SKIP LOCKED));
  -- News of a group that has nothing waiting is of no use: who adds jobs to it brings more.
  DELETE FROM millrace.group_news
  WHERE ctid = ANY (ARRAY(SELECT n.place FROM (SELECT g.ctid AS place, g.queue, g.name FROM millrace.group_news g LIMIT 10000) n WHERE NOT millrace.group_waits(n.queue, n.name)));
  FOR q IN SELECT DISTINCT o.queue FROM millrace.job_group o ORDER BY 1 LOOP
    IF pg_try_advisory_xact_lock(hashtextextended('millrace.group ' || q, 0)) THEN
      DELETE FROM millrace.job_group
      WHERE ctid = ANY (ARRAY(
        SELECT n.place FROM (SELECT g.ctid AS place, g.name FROM millrace.job_group g WHERE g.queue = q AND g.name <> '' LIMIT 1000) n WHERE NOT millrace.group_waits(q, n.name)));
      DELETE FROM millrace.job_group o WHERE o.queue = q AND NOT EXISTS (SELECT 1 FROM millrace.job_group w WHERE w.queue = q AND w.name <> '');
    END IF;
  END LOOP;
END $$;

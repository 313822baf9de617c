-- Who waits for work of a queue holds a shared lock with its name (Wait.cs). Who has made some tries that lock, which is held no longer than the try takes, within one
-- expression, so that no cancellation comes between; when somebody has it, everybody is told at the commit. No notification is sent while nobody waits.

CREATE FUNCTION millrace.wake(queue text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT (CASE WHEN pg_try_advisory_lock(hashtextextended('millrace.wait ' || queue, 0))
    THEN pg_advisory_unlock(hashtextextended('millrace.wait ' || queue, 0)) ELSE false END)
  THEN
    PERFORM pg_notify('millrace.wake', queue);
  END IF;
END $$;

CREATE FUNCTION millrace.note_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM millrace.wake(NEW.queue);
  RETURN NULL;
END $$;

-- Whatever makes work writes a change of counts. Deferred: tried as late as can be, so that in a long transaction those are told who wait at its end.
CREATE CONSTRAINT TRIGGER queue_change_made_work AFTER INSERT ON millrace.queue_change DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.waiting > 0 OR NEW.scheduled > 0) EXECUTE FUNCTION millrace.note_work();

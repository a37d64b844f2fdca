-- A dead process is remembered until all it was working on has been given back, by whoever serves those queues.
CREATE TRIGGER process_holds_work BEFORE DELETE ON process
WHEN EXISTS (SELECT 1 FROM active WHERE owner = OLD.id)
BEGIN
  SELECT RAISE(IGNORE);
END;

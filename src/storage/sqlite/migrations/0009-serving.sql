-- Which open stores execute a function: those of running engines say so, and it goes with the store's row in `process`.
CREATE TABLE run_serving (
  function INTEGER NOT NULL,
  owner INTEGER NOT NULL,
  PRIMARY KEY (function, owner)
) WITHOUT ROWID;
CREATE INDEX run_serving_owner ON run_serving (owner);

CREATE TRIGGER process_serves_no_more AFTER DELETE ON process
BEGIN
  DELETE FROM run_serving WHERE owner = OLD.id;
END;

-- Where an account is signed in: since when, in which browser, and that it is to be no longer.

ALTER TABLE device ADD COLUMN signed_in_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN browser TEXT NOT NULL DEFAULT 'other';
ALTER TABLE device ADD COLUMN system TEXT NOT NULL DEFAULT 'other';
-- 1: its cookie is refused; the row goes as soon as the classes have been told.
ALTER TABLE device ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE device SET signed_in_at = seen_at WHERE account IS NOT NULL;
CREATE INDEX device_by_account ON device (account) WHERE account IS NOT NULL;
CREATE INDEX device_ended ON device (ended) WHERE ended = 1;

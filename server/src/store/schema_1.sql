-- Ids are 16-byte UUIDs, times are milliseconds since 1970.

CREATE TABLE server (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One-time links to an account, by the SHA-256 of their secret.
CREATE TABLE welcome (
    hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE class (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL REFERENCES account (id),
    title TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    policy TEXT NOT NULL,
    familiar INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX class_by_owner ON class (owner);

-- The people expected, each with a personal link: the secret is made from person and generation, and not stored.
CREATE TABLE roster (
    class BLOB NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    person BLOB NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    class_group TEXT,
    generation INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (class, person)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX roster_by_person ON roster (person);

-- Browsers, by the SHA-256 of their cookie.
CREATE TABLE device (
    hash BLOB PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    account BLOB REFERENCES account (id) ON DELETE SET NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who a browser is in a class. generation: of the invitation; until: of a portal's token.
CREATE TABLE claim (
    device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    class BLOB NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    person BLOB NOT NULL,
    generation INTEGER,
    until INTEGER,
    PRIMARY KEY (device, class)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_class ON claim (class);

-- People as last verified, so that a journal, which has no names, can be brought back to life.
CREATE TABLE person (
    class BLOB NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    person BLOB NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    class_group TEXT,
    on_roster INTEGER NOT NULL,
    proof TEXT NOT NULL,
    PRIMARY KEY (class, person)
) STRICT, WITHOUT ROWID;

-- hash = SHA-256 (hash of the row before, body); the first follows the hash of its class's id.
CREATE TABLE journal (
    class BLOB NOT NULL REFERENCES class (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (class, seq)
) STRICT, WITHOUT ROWID;

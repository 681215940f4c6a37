-- Who may use the HTTP API; later numbers only add. Instants are microseconds since 1970 in UTC. A
-- number is given once and never again.
CREATE TABLE tokens (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,
    holder TEXT NOT NULL,
    plan TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
);

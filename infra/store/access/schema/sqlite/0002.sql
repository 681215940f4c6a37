-- Who is signed in on the board, by a token.
CREATE TABLE sessions (
    digest BLOB NOT NULL PRIMARY KEY,
    token INTEGER NOT NULL REFERENCES tokens (number),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX sessions_of_token ON sessions (token, created_at);

CREATE INDEX sessions_by_end ON sessions (expires_at);

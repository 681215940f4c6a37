-- Who may use the HTTP API; later numbers only add. Instants are microseconds since 1970 in UTC. A
-- number is given once and never again.
CREATE TABLE tokens (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    holder TEXT NOT NULL,
    plan TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Who is signed in on the board, by a token.
CREATE TABLE sessions (
    digest BYTEA NOT NULL PRIMARY KEY,
    token BIGINT NOT NULL REFERENCES tokens (number),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_of_token ON sessions (token, created_at);

CREATE INDEX sessions_by_end ON sessions (expires_at);

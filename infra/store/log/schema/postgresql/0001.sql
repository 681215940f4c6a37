-- The event log, for ever: later numbers only add. Instants are microseconds since 1970 in UTC.
-- Names are compared byte by byte: an index must not depend on the locale's rules, which change.

-- What the log is. Everything here but schema is fixed when the log is created and is what the
-- chain of hashes starts from; that live_from was moved later is an event.
CREATE TABLE log_settings (
    "only" bigint NOT NULL DEFAULT 1 PRIMARY KEY CHECK ("only" = 1),
    schema bigint NOT NULL,
    log_id text NOT NULL,
    source text NOT NULL,
    partitions bigint NOT NULL CHECK (partitions > 0),
    policy text NOT NULL,
    created_at bigint NOT NULL,
    live_from bigint NOT NULL
);

-- One row: the write lock, the head of both chains, and the floor under every later recorded_at.
-- It is written by every append, so its page has room for many versions of it.
CREATE TABLE log_head (
    "only" bigint NOT NULL DEFAULT 1 PRIMARY KEY CHECK ("only" = 1),
    position bigint NOT NULL,
    recorded_at bigint NOT NULL,
    hash bytea NOT NULL,
    commands bigint NOT NULL,
    commands_hash bytea NOT NULL
) WITH (fillfactor = 10);

-- Every event, in the order in which it was recorded. `previous` is the position of the event
-- before it in its partition, 0 for none. Streams with a colon in their name are the log's own, of
-- policies, erasures and moves of live_from, and in no partition.
CREATE TABLE events (
    position bigint NOT NULL PRIMARY KEY,
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    recorded_at bigint NOT NULL,
    hash bytea NOT NULL,
    previous bigint NOT NULL,
    partition bigint,
    UNIQUE (originator_id, originator_version)
);

CREATE INDEX events_of_partition ON events (partition, position);

-- Every command that was carried out, and what came of it; both versions and both positions are
-- null where it had nothing new to say. The digest is salted, since a command says words; where
-- those are erased the salt is null. The rows have a chain of their own, over all but the salt.
CREATE TABLE commands (
    ordinal bigint NOT NULL PRIMARY KEY,
    command_id text COLLATE "C" NOT NULL UNIQUE,
    digest bytea NOT NULL,
    ticket text COLLATE "C" NOT NULL,
    first_version bigint,
    last_version bigint,
    first_position bigint,
    last_position bigint,
    recorded_at bigint NOT NULL,
    hash bytea NOT NULL,
    salt bytea
);

-- What people wrote and nobody erased, beside the event at the same position, which holds its
-- salted digest. When words were erased, by whom and why, is an event of `erasure:<ticket>`.
CREATE TABLE texts (
    position bigint NOT NULL PRIMARY KEY REFERENCES events (position),
    salt bytea NOT NULL,
    document bytea NOT NULL
);

-- The position of the last event of every partition that has one.
CREATE TABLE partitions (
    partition bigint NOT NULL PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 10);

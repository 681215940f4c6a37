-- The event log, for ever: later numbers only add. Instants are microseconds since 1970 in UTC.

-- What the log is. Everything here but schema is fixed when the log is created and is what the
-- chain of hashes starts from; that live_from was moved later is an event.
CREATE TABLE log_settings (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    schema INTEGER NOT NULL,
    log_id TEXT NOT NULL,
    source TEXT NOT NULL,
    partitions INTEGER NOT NULL CHECK (partitions > 0),
    policy TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    live_from INTEGER NOT NULL
) STRICT;

-- One row: the write lock, the head of both chains, and the floor under every later recorded_at.
CREATE TABLE log_head (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    commands INTEGER NOT NULL,
    commands_hash BLOB NOT NULL
) STRICT;

-- Every event, in the order in which it was recorded. `previous` is the position of the event
-- before it in its partition, 0 for none. Streams with a colon in their name are the log's own, of
-- policies, erasures and moves of live_from, and in no partition.
CREATE TABLE events (
    position INTEGER NOT NULL PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    previous INTEGER NOT NULL,
    partition INTEGER,
    UNIQUE (originator_id, originator_version)
) STRICT;

-- No index by partition: a log in a file has one, and every command would pay for it.

-- Every command that was carried out, and what came of it; both versions and both positions are
-- null where it had nothing new to say. The digest is salted, since a command says words; where
-- those are erased the salt is null. The rows have a chain of their own, over all but the salt.
CREATE TABLE commands (
    ordinal INTEGER NOT NULL PRIMARY KEY,
    command_id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    ticket TEXT NOT NULL,
    first_version INTEGER,
    last_version INTEGER,
    first_position INTEGER,
    last_position INTEGER,
    recorded_at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    salt BLOB
) STRICT;

-- What people wrote and nobody erased, beside the event at the same position, which holds its
-- salted digest. When words were erased, by whom and why, is an event of `erasure:<ticket>`.
CREATE TABLE texts (
    position INTEGER NOT NULL PRIMARY KEY REFERENCES events (position),
    salt BLOB NOT NULL,
    document BLOB NOT NULL
) STRICT;

-- The position of the last event of every partition that has one.
CREATE TABLE partitions (
    partition INTEGER NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

-- Who is told of alerts, and what became of each delivery; later numbers only add. Instants are
-- microseconds since 1970 in UTC; docs/deliveries.md describes every column for its readers.

-- A number is given once and never again. Who claimed a subscriber may send to it alone.
CREATE TABLE subscriptions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    way TEXT NOT NULL,
    target TEXT NOT NULL,
    kinds TEXT NOT NULL,
    since INTEGER NOT NULL,
    claimed_by TEXT,
    claimed_until INTEGER
) STRICT;

-- How far the outbox of each partition was taken.
CREATE TABLE taken (
    partition INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    alert_id TEXT NOT NULL,
    settled_to INTEGER NOT NULL
) STRICT;

-- In the order of taking. The alert itself is kept as long as it is owed.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    subscriber TEXT NOT NULL REFERENCES subscriptions (name) ON DELETE CASCADE,
    alert_id TEXT NOT NULL,
    ticket TEXT NOT NULL,
    kind TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    alert TEXT,
    attempts INTEGER NOT NULL,
    next_try_at INTEGER,
    delivered_at INTEGER,
    given_up_at INTEGER,
    last_error TEXT,
    UNIQUE (subscriber, alert_id)
) STRICT;

CREATE INDEX deliveries_open ON deliveries (subscriber, number) WHERE next_try_at IS NOT NULL;
CREATE INDEX deliveries_of_ticket ON deliveries (subscriber, ticket, number)
    WHERE next_try_at IS NOT NULL;

-- Deliveries as people read them, and how long after its decision each arrived.
CREATE VIEW delivery_list AS
SELECT
    subscriber,
    ticket,
    kind,
    alert_id,
    attempts,
    last_error,
    instant_text(decided_at) AS decided,
    instant_text(next_try_at) AS next_try,
    instant_text(delivered_at) AS delivered,
    instant_text(given_up_at) AS given_up,
    seconds(delivered_at - decided_at) AS late_seconds
FROM deliveries;

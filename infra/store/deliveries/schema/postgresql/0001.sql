-- Who is told of alerts, and what became of each delivery; later numbers only add. Instants are
-- microseconds since 1970 in UTC; docs/deliveries.md describes every column for its readers.

-- An instant as RFC 3339 in UTC, with as many fractional digits as needed.
CREATE FUNCTION instant_text(microseconds BIGINT) RETURNS TEXT
LANGUAGE SQL IMMUTABLE PARALLEL SAFE
RETURN to_char(
        timestamp '1970-01-01' + microseconds / 1000000 * interval '1 second',
        'YYYY-MM-DD"T"HH24:MI:SS'
    )
    || CASE microseconds % 1000000
        WHEN 0 THEN ''
        ELSE '.' || rtrim(lpad((microseconds % 1000000)::text, 6, '0'), '0')
    END
    || 'Z';

-- A number is given once and never again. Who claimed a subscriber may send to it alone.
CREATE TABLE subscriptions (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS ('S-' || number::text) STORED UNIQUE,
    way TEXT NOT NULL,
    target TEXT NOT NULL,
    kinds TEXT NOT NULL,
    since BIGINT NOT NULL,
    claimed_by TEXT,
    claimed_until BIGINT
);

-- How far the outbox of each partition was taken.
CREATE TABLE taken (
    partition BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    alert_id TEXT NOT NULL,
    settled_to BIGINT NOT NULL
);

-- In the order of taking. The alert itself is kept as long as it is owed.
CREATE TABLE deliveries (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (name) ON DELETE CASCADE,
    alert_id TEXT COLLATE "C" NOT NULL,
    ticket TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    alert TEXT,
    attempts BIGINT NOT NULL,
    next_try_at BIGINT,
    delivered_at BIGINT,
    given_up_at BIGINT,
    last_error TEXT,
    UNIQUE (subscriber, alert_id)
);

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
    (delivered_at - decided_at) / 1000000.0::double precision AS late_seconds
FROM deliveries;

-- The read models. Every row follows from the event log and may be thrown away, but for `outbox`:
-- what was announced is never folded again (semantics §6). All instants and durations are integer
-- microseconds; docs/read-models.md describes every column for its readers.
-- The text is plain SQL, so that every back end makes its tables of it.

-- How far the projector has come in each partition of the log.
CREATE TABLE positions (
    partition BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    decided_to BIGINT NOT NULL,
    announced_to BIGINT NOT NULL,
    projector_version BIGINT NOT NULL,
    PRIMARY KEY (partition)
);

-- What the projector keeps of a ticket to fold it again, without what people wrote.
CREATE TABLE histories (
    ticket TEXT NOT NULL,
    partition BIGINT NOT NULL,
    position BIGINT NOT NULL,
    next_turn BIGINT,
    projector_version BIGINT NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (ticket)
);

-- The tick asks this index alone, so it costs nothing while nothing is due.
CREATE INDEX histories_by_turn ON histories (partition, next_turn, ticket)
    WHERE next_turn IS NOT NULL;

CREATE TABLE tickets (
    ticket TEXT NOT NULL,
    partition BIGINT NOT NULL,
    status TEXT NOT NULL,
    severity BIGINT,
    impact TEXT,
    topic TEXT,
    supported BIGINT,
    customer_id TEXT NOT NULL,
    plan TEXT NOT NULL,
    channel TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    triaged_at BIGINT,
    answered_at BIGINT,
    resolved_at BIGINT,
    changed_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (ticket)
);

CREATE INDEX tickets_by_opening ON tickets (opened_at, ticket);
CREATE INDEX tickets_of_customer ON tickets (customer_id, opened_at, ticket);
CREATE INDEX tickets_waiting ON tickets (status, answered_at, ticket) WHERE status = 'pending';

CREATE TABLE clocks (
    ticket TEXT NOT NULL,
    clock TEXT NOT NULL,
    started_by TEXT NOT NULL,
    instance BIGINT NOT NULL,
    policy TEXT NOT NULL,
    plan TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    targets BIGINT NOT NULL,
    target_business BIGINT,
    target_off_hours BIGINT,
    due_at BIGINT,
    guard_at BIGINT,
    satisfied_at BIGINT,
    satisfied_by TEXT,
    verdict TEXT NOT NULL,
    business BIGINT,
    off_hours BIGINT,
    PRIMARY KEY (ticket, clock, started_by)
);

CREATE INDEX clocks_running ON clocks (satisfied_at, due_at, ticket)
    WHERE satisfied_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX clocks_untriaged ON clocks (guard_at, ticket) WHERE guard_at IS NOT NULL;

-- What a clock has still to tell: its turn has not come, and it would tell as things stand.
CREATE TABLE deadlines (
    ticket TEXT NOT NULL,
    clock TEXT NOT NULL,
    started_by TEXT NOT NULL,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    PRIMARY KEY (ticket, clock, started_by, kind, step)
);

-- What the code concludes, in the order of each ticket.
CREATE TABLE alerts (
    ticket TEXT NOT NULL,
    number BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    clock TEXT NOT NULL,
    instance BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    step TEXT,
    deadline BIGINT,
    due_at BIGINT,
    decided_at BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    refers TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (ticket, number)
);

CREATE UNIQUE INDEX alerts_by_id ON alerts (id);
CREATE INDEX alerts_by_time ON alerts (decided_at, ticket, number);

-- A ticket whose fold failed; it has no rows in tickets, clocks, deadlines and alerts.
CREATE TABLE parked (
    ticket TEXT NOT NULL,
    partition BIGINT NOT NULL,
    position BIGINT NOT NULL,
    error TEXT NOT NULL,
    reason TEXT NOT NULL,
    announced_to BIGINT NOT NULL,
    PRIMARY KEY (ticket)
);

-- What was announced, word for word, in the order of announcing.
CREATE TABLE outbox (
    partition BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    alert_id TEXT NOT NULL,
    ticket TEXT NOT NULL,
    kind TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    alert TEXT NOT NULL,
    PRIMARY KEY (partition, sequence)
);

CREATE UNIQUE INDEX outbox_by_alert ON outbox (alert_id);

-- What is asked of the read models, one statement a name. Parameters are written `:name`, and
-- `IN listed(:name)` stands for what each back end writes to look texts up in a list.
-- Running clocks are ordered by `satisfied_at`, too, which none of them has: else PostgreSQL sorts
-- them all, because it takes the order of an index from its first column on.

-- place: how far a partition has come
SELECT position, hash, recorded_at, decided_to, announced_to, projector_version
FROM positions
WHERE partition = :partition;

-- begin: give a partition its first place, unless it has one
INSERT INTO positions (
    partition, position, hash, recorded_at, decided_to, announced_to, projector_version
)
VALUES (
    :partition, :position, :hash, :recorded_at, :decided_to, :announced_to, :projector_version
)
ON CONFLICT (partition) DO NOTHING;

-- move: give a partition its next place, if it still is where it was
UPDATE positions
SET position = :position,
    hash = :hash,
    recorded_at = :recorded_at,
    decided_to = :decided_to,
    announced_to = :announced_to,
    projector_version = :projector_version
WHERE partition = :partition
    AND position = :was_position
    AND hash = :was_hash
    AND recorded_at = :was_recorded_at
    AND decided_to = :was_decided_to
    AND announced_to = :was_announced_to
    AND projector_version = :was_projector_version;

-- histories: what is kept of tickets
SELECT ticket, position, next_turn, projector_version, lines
FROM histories
WHERE ticket IN listed(:tickets);

-- turns: the tickets whose turn is up to an instant, the earliest first
SELECT next_turn, ticket
FROM histories
WHERE partition = :partition AND next_turn <= :until
ORDER BY next_turn, ticket
LIMIT :limit;

-- next_turn: the next instant at which time alone decides something
SELECT MIN(next_turn)
FROM histories
WHERE partition = :partition AND next_turn IS NOT NULL;

-- stale: tickets in the order of their names, folded by another version of the projector
SELECT ticket
FROM histories
WHERE ticket > :after AND partition = :partition AND projector_version <> :version
ORDER BY ticket
LIMIT :limit;

-- tickets_after: the tickets of which a history is kept, in the order of their names
SELECT ticket
FROM histories
WHERE ticket > :after AND partition = :partition
ORDER BY ticket
LIMIT :limit;

-- parked_since: how many tickets were parked after an instant
SELECT COUNT(*)
FROM parked
WHERE partition = :partition AND announced_to > :after;

-- parked: every parked ticket
SELECT ticket, partition, position, error, reason, announced_to
FROM parked
ORDER BY ticket;

-- outbox_end: the last sequence of a partition's outbox
SELECT MAX(sequence)
FROM outbox
WHERE partition = :partition;

-- outbox_ends: the last announcement of every partition that was begun
SELECT ends.partition, COALESCE(ends.sequence, 0), COALESCE(outbox.alert_id, '')
FROM (
    SELECT
        partition,
        (SELECT MAX(sequence) FROM outbox WHERE outbox.partition = positions.partition) AS sequence
    FROM positions
) AS ends
LEFT JOIN outbox ON outbox.partition = ends.partition AND outbox.sequence = ends.sequence
ORDER BY ends.partition;

-- outbox: announcements after a sequence, in order
SELECT partition, sequence, alert_id, ticket, kind, decided_at, alert
FROM outbox
WHERE partition = :partition AND sequence > :after
ORDER BY sequence
LIMIT :limit;

-- announced: those of some alerts that were announced
SELECT alert_id
FROM outbox
WHERE alert_id IN listed(:alert_ids);

-- decided: alerts decided by an instant, after a place in that order, and whether each was announced
SELECT
    ticket,
    number,
    id,
    kind,
    clock,
    instance,
    started_by,
    step,
    deadline,
    due_at,
    decided_at,
    turn,
    refers,
    reason,
    EXISTS (SELECT 1 FROM outbox WHERE outbox.alert_id = alerts.id)
FROM alerts
WHERE (decided_at, ticket, number) > (:after_decided_at, :after_ticket, :after_number)
    AND decided_at <= :until
ORDER BY decided_at, ticket, number
LIMIT :limit;

-- newest: alerts that match, decided since an instant, the newest first, before a place in that order
SELECT
    alerts.ticket,
    alerts.number,
    alerts.id,
    alerts.kind,
    alerts.clock,
    alerts.instance,
    alerts.started_by,
    alerts.step,
    alerts.deadline,
    alerts.due_at,
    alerts.decided_at,
    alerts.turn,
    alerts.refers,
    alerts.reason,
    EXISTS (SELECT 1 FROM outbox WHERE outbox.alert_id = alerts.id),
    tickets.severity,
    tickets.plan,
    tickets.customer_id
FROM alerts
JOIN tickets ON tickets.ticket = alerts.ticket
WHERE (alerts.decided_at, alerts.ticket, alerts.number)
    < (:before_decided_at, :before_ticket, :before_number)
    AND alerts.decided_at >= :since
    AND (:kind = '' OR alerts.kind = :kind)
    AND (:ticket = '' OR alerts.ticket = :ticket)
    AND (:severity = 0 OR tickets.severity = :severity)
    AND (:plan = '' OR tickets.plan = :plan)
    AND (:customer_id = '' OR tickets.customer_id = :customer_id)
ORDER BY alerts.decided_at DESC, alerts.ticket DESC, alerts.number DESC
LIMIT :limit;

-- told_to: up to which instant every partition tells nothing new
SELECT MIN(CASE WHEN decided_to > announced_to THEN decided_to ELSE announced_to END)
FROM positions;

-- never_announced: alerts to announce, decided by an instant, that are not in the outbox
SELECT alerts.ticket, alerts.id, alerts.kind
FROM alerts
JOIN tickets ON tickets.ticket = alerts.ticket
LEFT JOIN outbox ON outbox.alert_id = alerts.id
WHERE tickets.partition = :partition
    AND alerts.turn >= :live_from
    AND alerts.decided_at <= :until
    AND outbox.alert_id IS NULL
ORDER BY alerts.decided_at, alerts.ticket, alerts.number
LIMIT :limit;

-- no_longer_told: announcements that are not among the alerts, except of parked tickets
SELECT outbox.ticket, outbox.alert_id, outbox.kind
FROM outbox
LEFT JOIN alerts ON alerts.id = outbox.alert_id
LEFT JOIN parked ON parked.ticket = outbox.ticket
WHERE outbox.partition = :partition AND alerts.id IS NULL AND parked.ticket IS NULL
ORDER BY outbox.sequence
LIMIT :limit;

-- counts: how many tickets there are, how many are parked, and how many clocks run
SELECT
    (SELECT COUNT(*) FROM tickets),
    (SELECT COUNT(*) FROM parked),
    (SELECT COUNT(*) FROM clocks WHERE satisfied_at IS NULL AND due_at IS NOT NULL);

-- running: of the first running clocks that are due in a span, in the order of their due times, those of a plan and a severity
SELECT
    clocks.ticket,
    tickets.severity,
    clocks.clock,
    clocks.instance,
    clocks.policy,
    clocks.plan,
    clocks.started_at,
    clocks.due_at
FROM (
    SELECT ticket, clock, started_by, due_at
    FROM clocks
    WHERE satisfied_at IS NULL AND due_at IS NOT NULL AND due_at >= :first AND due_at < :before
    ORDER BY satisfied_at, due_at, ticket
    LIMIT :limit
) AS first
JOIN tickets ON tickets.ticket = first.ticket
JOIN clocks
    ON clocks.ticket = first.ticket
    AND clocks.clock = first.clock
    AND clocks.started_by = first.started_by
WHERE (:plan = '' OR tickets.plan = :plan) AND (:severity = 0 OR tickets.severity = :severity)
ORDER BY first.due_at, first.ticket;

-- untriaged: of the first running clocks of tickets without a severity, the most urgent first, those of a plan and a severity
SELECT
    clocks.ticket,
    tickets.severity,
    clocks.clock,
    clocks.instance,
    clocks.policy,
    clocks.plan,
    clocks.started_at,
    clocks.guard_at
FROM (
    SELECT ticket, clock, started_by, guard_at
    FROM clocks
    WHERE guard_at IS NOT NULL
    ORDER BY guard_at, ticket
    LIMIT :limit
) AS first
JOIN tickets ON tickets.ticket = first.ticket
JOIN clocks
    ON clocks.ticket = first.ticket
    AND clocks.clock = first.clock
    AND clocks.started_by = first.started_by
WHERE (:plan = '' OR tickets.plan = :plan) AND (:severity = 0 OR tickets.severity = :severity)
ORDER BY first.guard_at, first.ticket;

-- waiting: of the first tickets whose customer owes the next step, the longest first, those of a plan and a severity
SELECT ticket, severity, plan, answered_at
FROM (
    SELECT ticket, severity, plan, answered_at
    FROM tickets
    WHERE status = 'pending'
    ORDER BY answered_at, ticket
    LIMIT :limit
) AS tickets
WHERE (:plan = '' OR tickets.plan = :plan) AND (:severity = 0 OR tickets.severity = :severity)
ORDER BY answered_at, ticket;

-- board_counts: how many running clocks are due from an instant on, before it, without a severity
SELECT
    (
        SELECT COUNT(*) FROM clocks
        WHERE satisfied_at IS NULL AND due_at IS NOT NULL AND due_at >= :at
    ),
    (
        SELECT COUNT(*) FROM clocks
        WHERE satisfied_at IS NULL AND due_at IS NOT NULL AND due_at < :at
    ),
    (SELECT COUNT(*) FROM clocks WHERE guard_at IS NOT NULL),
    (SELECT COUNT(*) FROM tickets WHERE status = 'pending'),
    (SELECT COUNT(*) FROM parked),
    (SELECT MIN(decided_to) FROM positions);

-- tickets_by_opening: tickets that match, the newest first, after a place in that order
SELECT
    ticket,
    partition,
    status,
    severity,
    impact,
    topic,
    supported,
    customer_id,
    plan,
    channel,
    opened_at,
    triaged_at,
    answered_at,
    resolved_at,
    changed_at,
    recorded_at,
    events
FROM tickets
WHERE (opened_at, ticket) < (:opened_at, :ticket)
    AND (:status = '' OR status = :status)
    AND (:severity = 0 OR severity = :severity)
    AND (:plan = '' OR plan = :plan)
ORDER BY opened_at DESC, ticket DESC
LIMIT :limit;

-- tickets_of_customer: tickets of one customer that match, the newest first, after a place
SELECT
    ticket,
    partition,
    status,
    severity,
    impact,
    topic,
    supported,
    customer_id,
    plan,
    channel,
    opened_at,
    triaged_at,
    answered_at,
    resolved_at,
    changed_at,
    recorded_at,
    events
FROM tickets
WHERE customer_id = :customer_id
    AND (opened_at, ticket) < (:opened_at, :ticket)
    AND (:status = '' OR status = :status)
    AND (:severity = 0 OR severity = :severity)
    AND (:plan = '' OR plan = :plan)
ORDER BY opened_at DESC, ticket DESC
LIMIT :limit;

-- decided_to: up to which instant every partition has decided
SELECT MIN(decided_to)
FROM positions;

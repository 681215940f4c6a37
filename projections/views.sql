-- The usual questions, with instants in RFC 3339 and durations in seconds. `instant_text(column)`
-- and `seconds(column)` stand for what each back end writes in their place.

-- Tickets as people read them.
CREATE VIEW ticket_list AS
SELECT
    ticket,
    status,
    severity,
    impact,
    topic,
    supported,
    customer_id,
    plan,
    channel,
    instant_text(opened_at) AS opened,
    instant_text(triaged_at) AS triaged,
    instant_text(answered_at) AS answered,
    instant_text(resolved_at) AS resolved,
    instant_text(changed_at) AS changed,
    instant_text(recorded_at) AS recorded,
    events
FROM tickets;

-- Clocks as people read them.
CREATE VIEW clock_list AS
SELECT
    ticket,
    clock,
    instance,
    policy,
    plan,
    verdict,
    instant_text(started_at) AS started,
    instant_text(due_at) AS due,
    instant_text(guard_at) AS guard,
    instant_text(satisfied_at) AS satisfied,
    seconds(target_business) AS target_business_seconds,
    seconds(target_off_hours) AS target_off_hours_seconds,
    seconds(business) AS business_seconds,
    seconds(off_hours) AS off_hours_seconds
FROM clocks;

-- What the running clocks have still to tell.
CREATE VIEW deadline_list AS
SELECT
    ticket,
    clock,
    kind,
    step,
    instant_text(deadline) AS at,
    instant_text(turn) AS told_from
FROM deadlines;

-- Alerts as people read them, and whether they were announced.
CREATE VIEW alert_list AS
SELECT
    alerts.ticket,
    alerts.number,
    alerts.id,
    alerts.kind,
    alerts.clock,
    alerts.instance,
    alerts.step,
    alerts.reason,
    instant_text(alerts.deadline) AS at,
    instant_text(alerts.due_at) AS due,
    instant_text(alerts.decided_at) AS decided,
    CASE WHEN outbox.alert_id IS NULL THEN 0 ELSE 1 END AS announced
FROM alerts
LEFT JOIN outbox ON outbox.alert_id = alerts.id;

-- Promises kept and broken, by plan, severity and clock; running clocks are counted apart.
CREATE VIEW promise_summary AS
SELECT
    tickets.plan,
    tickets.severity,
    clocks.clock,
    SUM(CASE WHEN clocks.verdict = 'met' THEN 1 ELSE 0 END) AS met,
    SUM(CASE WHEN clocks.verdict = 'breached' THEN 1 ELSE 0 END) AS breached,
    SUM(CASE WHEN clocks.verdict = 'running' THEN 1 ELSE 0 END) AS running,
    SUM(CASE WHEN clocks.verdict = 'no-target' THEN 1 ELSE 0 END) AS no_target
FROM clocks
JOIN tickets ON tickets.ticket = clocks.ticket
GROUP BY tickets.plan, tickets.severity, clocks.clock;

-- Tickets that wait for an operator.
CREATE VIEW parked_list AS
SELECT ticket, position, error, reason
FROM parked;

-- How far time has come in the read models.
CREATE VIEW progress AS
SELECT
    partition,
    position,
    instant_text(recorded_at) AS recorded,
    instant_text(decided_to) AS decided,
    instant_text(announced_to) AS announced
FROM positions;

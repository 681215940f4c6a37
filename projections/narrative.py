"""An explanation told in a language: headed sections of labelled facts, sentences and segments.

It says what stands where, and leaves to the door how wide and in which colours.
"""

from collections.abc import Iterator
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import NamedTuple

from domain.alert import Deadline, holds
from domain.clock import Verdict
from domain.explanation import Explanation, Stretch
from domain.hours import Kind
from domain.policy import Target
from projections.wording import Words
from projections.wording.words import WarningState, compact

LIMIT = 40
"""How many lines a table of segments has before its middle is summed in one."""


class Row(NamedTuple):
    """A line of a table: one counted segment, or the sum of those in the middle."""

    number: str
    kind: str
    local: str
    utc: str
    duration: str
    business: str
    off_hours: str


class Section(NamedTuple):
    """What belongs together: facts with labels, a table with its head, sentences around it."""

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    before: tuple[str, ...] = ()
    table: tuple[Row, ...] = ()
    after: tuple[str, ...] = ()


class Narrative(NamedTuple):
    """One clock explained: its name, the verdict in a sentence, and why."""

    title: str
    verdict: Verdict
    sentence: str
    sections: tuple[Section, ...]


def narrate(
    explanation: Explanation, as_of: int, words: Words, limit: int | None = LIMIT
) -> Narrative:
    """Tell an explanation of what was recorded by `as_of`; no `limit` leaves no segment out."""
    clock = explanation.clock
    return Narrative(
        words.title(explanation.ticket, clock.name, clock.instance),
        explanation.verdict,
        _verdict(explanation, words),
        tuple(
            section
            for section in (
                _judged(explanation, as_of, words),
                _happened(explanation, words),
                _targets(explanation, words),
                _due(explanation, words, limit),
                _used(explanation, words, limit),
                _warned(explanation, words),
            )
            if section != Section(section.heading)
        ),
    )


def _zone(explanation: Explanation) -> tzinfo:
    return explanation.clock.hours.zone


def _verdict(explanation: Explanation, words: Words) -> str:
    clock, zone = explanation.clock, _zone(explanation)
    if explanation.no_target is not None or clock.due_at is None or explanation.left is None:
        assert explanation.no_target is not None
        severity = explanation.targets[-1].assigned.severity if explanation.targets else None
        return words.no_target(explanation.no_target, clock, severity)
    business, off_hours = explanation.left
    if explanation.verdict == "breached":
        late = (-business, -off_hours)
        return words.breached(clock.due_at, clock.satisfied_at, explanation.at, late, zone)
    if clock.satisfied_at is not None:
        return words.met(clock.due_at, clock.satisfied_at, explanation.left, zone)
    return words.running(clock.due_at, explanation.at, explanation.left, zone)


def _judged(explanation: Explanation, as_of: int, words: Words) -> Section:
    clock, zone = explanation.clock, _zone(explanation)
    severities = [
        (triage.assigned.severity, triage.assigned.supported, triage.recorded.occurred_at)
        for triage in explanation.triages
    ]
    return Section(
        words.judged,
        facts=(
            (words.policy_label, words.policy(clock.policy, clock.plan, zone)),
            (words.calendar_label, words.calendar(clock)),
            (words.severity_label, words.severities(severities, zone)),
            (words.asked_label, words.asked(explanation.at, as_of, zone)),
        ),
    )


def _happened(explanation: Explanation, words: Words) -> Section:
    zone = _zone(explanation)
    facts = []
    for part, recorded in explanation.turns:
        told = words.told(
            recorded.occurred_at,
            zone,
            words.event(recorded.event),
            type(recorded.event).__name__,
            visible(recorded.event_id),
            visible(recorded.actor),
        )
        stored = words.recorded(recorded.occurred_at, recorded.recorded_at, zone)
        facts.append((words.parts[part], f"{told} {stored}"))
    return Section(words.happened, facts=tuple(facts))


def _targets(explanation: Explanation, words: Words) -> Section:
    clock, zone = explanation.clock, _zone(explanation)
    told = [words.target(given, clock).rstrip() for given in explanation.targets]
    told += [
        words.changed_nothing(
            triage.assigned.severity,
            triage.recorded.occurred_at,
            answered=triage.effect == "answered",
            zone=zone,
        )
        for triage in explanation.triages
        if triage.effect in ("answered", "breached")
    ]
    return Section(words.targets, before=tuple(told))


def _due(explanation: Explanation, words: Words, limit: int | None) -> Section:
    due, clock, zone = explanation.due, explanation.clock, _zone(explanation)
    if due is None:
        return Section(words.due_found)
    budget = words.budget(due.budget, clock.policy.business_day)
    return Section(
        words.due_found,
        before=(words.counted_until_used_up(due.stretch.start, budget, zone),),
        table=_table(due.stretch, due.budget, words, zone, limit),
        after=(
            *_remarks(due.stretch, words, limit),
            words.used_up(due.used_up, due.stretch.end, zone),
        ),
    )


def _used(explanation: Explanation, words: Words, limit: int | None) -> Section:
    used, zone = explanation.used, _zone(explanation)
    answered = explanation.clock.satisfied_at is not None
    return Section(
        words.time_used,
        before=(words.counted(used.start, used.end, answered=answered, zone=zone),),
        table=_table(used, Target(None, None), words, zone, limit),
        after=(*_remarks(used, words, limit), words.together(used.business, used.off_hours)),
    )


def _table(
    stretch: Stretch, budget: Target, words: Words, zone: tzinfo, limit: int | None
) -> tuple[Row, ...]:
    """Write the segments under their head; empty where no time passed."""
    if not stretch.segments:
        return ()
    head = Row(
        *words.table_head[:3],
        "UTC",
        words.table_head[3],
        words.total_of("business", budget.business),
        words.total_of("off-hours", budget.off_hours),
    )
    left_out = _left_out(stretch, limit)
    rows = [head]
    for number, segment in enumerate(stretch.segments):
        if number == left_out.start and left_out:
            rows.append(_summed(stretch, left_out, words, zone))
        if number not in left_out:
            kind: Kind = segment.kind
            rows.append(
                Row(
                    str(number + 1),
                    words.kinds[kind],
                    words.span(segment.start, segment.end, zone),
                    words.span(segment.start, segment.end, UTC),
                    compact(segment.duration),
                    compact(segment.business),
                    compact(segment.off_hours),
                )
            )
    return tuple(rows)


def _left_out(stretch: Stretch, limit: int | None) -> range:
    """Return the indices of the segments in the middle that one line is to sum."""
    segments = len(stretch.segments)
    if limit is None or segments <= limit:
        return range(0)
    return range(limit // 2, segments - (limit - 1) // 2)


def _summed(stretch: Stretch, left_out: range, words: Words, zone: tzinfo) -> Row:
    first, last = stretch.segments[left_out.start], stretch.segments[left_out.stop - 1]
    return Row(
        f"{left_out.start + 1}–{left_out.stop}",
        words.segments(len(left_out)),
        words.span(first.start, last.end, zone),
        words.span(first.start, last.end, UTC),
        compact(last.end - first.start),
        compact(last.business),
        compact(last.off_hours),
    )


def _remarks(stretch: Stretch, words: Words, limit: int | None) -> Iterator[str]:
    """Yield what a person must know to count the segments again: holidays, clocks that change."""
    left_out = _left_out(stretch, limit)
    if left_out:
        yield words.left_out(len(left_out))
    for number, segment in enumerate(stretch.segments):
        if segment.clock_change:
            yield words.clock_change(number + 1, segment.clock_change)
    for skipped in stretch.skipped:
        yield words.skipped(skipped)


def _warned(explanation: Explanation, words: Words) -> Section:
    zone = _zone(explanation)
    return Section(
        words.warned,
        before=tuple(
            words.warning(
                _percent(deadline.step),
                deadline.at,
                _state(explanation, deadline),
                untriaged=deadline.kind == "untriaged",
                zone=zone,
            )
            for deadline in explanation.warnings
            # A guard of untriaged tickets that never came to anything would only distract.
            if deadline.step is not None
            and (deadline.kind == "warning" or holds(explanation.clock, deadline))
        ),
    )


def _percent(step: str) -> str:
    return f"{float(Fraction(step) * 100):g}"


def _state(explanation: Explanation, deadline: Deadline) -> WarningState:
    if not holds(explanation.clock, deadline):
        return "answered"
    return "passed" if deadline.at <= explanation.at else "ahead"


def visible(text: str) -> str:
    """Show a foreign text on a terminal: what is not printable becomes an escape sequence."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )

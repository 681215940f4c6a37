"""The projector, rule by rule (semantics §5 and §6, architecture, decisions 3 to 8).

Monday 9 March 2026 is an ordinary business day, 08:00-17:00; a critical premium ticket of the
published policy is due after one business hour. An announced deadline has its turn 30 s later.
"""

from collections.abc import Callable, Sequence

import pytest

from domain.event import RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.store.models import ReadModels
from projections import projector as module
from projections.audit import Audit, Difference
from projections.fault import Fenced, Hole, NotParked, OtherLog, TooManyParked
from projections.projector import Applied, Change, Projector, Terms
from projections.rows import ALERTS, CLOCKS, DEADLINES, PARKED, TICKETS, ParkedRow, Rows, rows
from tests.servers.read_models import NewModels
from tests.spec.desk import MANAGRY, Story, at, shown, ticket
from tests.spec.partition import Entry, Mark, dump, mark, partition

TERMS = Terms(MANAGRY, at("2026-01-01 00:00"))


@pytest.fixture
def models(new_models: NewModels) -> ReadModels:
    """Give empty read models."""
    return new_models()


def critical(name: str = "T-1") -> Story:
    """A ticket opened on Monday at 08:00 and triaged at once: due at 09:00."""
    return ticket(name).opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)


def log_of(*stories: Story) -> list[Entry]:
    """The log of these tickets."""
    return partition(*(story.history for story in stories))


def until(log: Sequence[Entry], time: str) -> Mark:
    """The watermark that nothing follows until a time."""
    return mark(log, at(time))


def told(models: ReadModels, name: str = "T-1") -> list[str]:
    """The alerts that the read models have of a ticket."""
    return [
        f"{shown(row.decided_at)} {row.kind} {row.step or ''}".strip()
        for row in models.rows(ALERTS, [name])
    ]


def announced(models: ReadModels) -> list[str]:
    """What stands in the outbox."""
    return [f"{shown(one.decided_at)} {one.ticket} {one.kind}" for one in models.outbox(0, 0, 100)]


def verdict(models: ReadModels, name: str = "T-1") -> list[str]:
    """The verdicts of a ticket's clocks."""
    return [row.verdict for row in models.rows(CLOCKS, [name])]


class TestApplying:
    def test_a_ticket_becomes_rows(self, models: ReadModels) -> None:
        """What was folded of it stands in every table."""
        log = log_of(critical())
        done = Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:10"))
        assert done == Applied(events=2, folded=1)
        [row] = models.rows(TICKETS, ["T-1"])
        assert (row.status, row.severity, row.plan, row.events) == ("open", 1, "premium", 2)
        assert shown(row.opened_at) == "2026-03-09 08:00"
        [clock] = models.rows(CLOCKS, ["T-1"])
        assert clock.due_at == at("2026-03-09 09:00")
        assert clock.verdict == "running"
        assert [
            (row.kind, row.step, shown(row.deadline)) for row in models.rows(DEADLINES, ["T-1"])
        ] == [
            ("breach", "", "2026-03-09 09:00"),
            ("overdue", "1", "2026-03-09 10:00"),
            ("overdue", "2", "2026-03-09 11:00"),
            ("overdue", "4", "2026-03-09 13:00"),
            ("warning", "0.5", "2026-03-09 08:30"),
            ("warning", "0.75", "2026-03-09 08:45"),
        ]
        assert models.next_turn() == at("2026-03-09 08:30:30")

    def test_what_was_recorded_last_waits_for_the_rest_of_its_instant(
        self, models: ReadModels
    ) -> None:
        """Without a watermark more may follow: a ticket's events of one instant go together."""
        imported = critical().answered("2026-03-09 08:30").imported("2026-03-10 12:00")
        log = log_of(imported)
        projector = Projector(models)
        projector.apply(log[:2], TERMS)
        assert models.rows(TICKETS, ["T-1"]) == []
        projector.apply(log[2:], TERMS, until(log, "2026-03-10 12:00"))
        assert verdict(models) == ["met"]
        assert told(models) == []

    def test_a_breach_of_the_half_known_past_is_not_announced(self, models: ReadModels) -> None:
        """The second half of an import shows the answer."""
        imported = critical().answered("2026-03-09 08:30").imported("2026-03-10 12:00")
        other = ticket("T-2").opened("2026-03-10 12:01")
        log = log_of(imported, other)
        projector = Projector(models)
        for entry in log:
            projector.apply([entry], TERMS)
        projector.advance(until(log, "2026-03-10 12:01"), TERMS)
        assert announced(models) == []

    def test_events_that_were_applied_are_ignored(self, models: ReadModels) -> None:
        """A repeat is harmless (architecture, decision 4)."""
        log = log_of(critical())
        projector = Projector(models)
        mark = until(log, "2026-03-09 08:10")
        projector.apply(log, TERMS, mark)
        assert projector.apply(log, TERMS, mark) == Applied()

    def test_a_hole_is_refused_and_named(self, models: ReadModels) -> None:
        """What is missing is read from the log; nothing of the batch is kept."""
        log = log_of(critical().answered("2026-03-09 08:30"))
        projector = Projector(models)
        projector.apply(log[:1], TERMS)
        with pytest.raises(Hole) as raised:
            projector.apply(log[2:], TERMS)
        assert (raised.value.held, raised.value.wanted) == (3, 6)
        assert projector.place.position == 3

    def test_another_event_at_the_position_held_is_another_log(self, models: ReadModels) -> None:
        """A log restored to an earlier state and written on is noticed by its hashes."""
        log = log_of(critical())
        projector = Projector(models)
        projector.apply(log, TERMS)
        with pytest.raises(OtherLog, match="lhuta rebuild"):
            projector.apply([log[1]._replace(hash=b"other")], TERMS)

    def test_an_event_recorded_at_a_time_that_was_over_is_another_log(
        self, models: ReadModels
    ) -> None:
        """A watermark is a promise; decisions were made on it."""
        log = log_of(critical().answered("2026-03-09 08:30"))
        projector = Projector(models)
        projector.apply(log[:2], TERMS, until(log[:2], "2026-03-09 08:30"))
        with pytest.raises(OtherLog, match="over before"):
            projector.apply(log[2:], TERMS)

    def test_only_rows_that_differ_are_written(
        self, models: ReadModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An answer to the second clock leaves the first one's row alone."""
        story = critical().answered("2026-03-09 08:30").replied("2026-03-09 09:00")
        log = log_of(story.answered("2026-03-09 09:10"))
        projector = Projector(models)
        projector.apply(log[:4], TERMS, until(log[:4], "2026-03-09 09:00"))
        written: dict[str, int] = {}
        write = models.write

        def counted(table: object, rows: Sequence[object]) -> None:
            written[table.name] = len(rows)  # type: ignore[attr-defined]
            write(table, rows)  # type: ignore[type-var, arg-type]

        monkeypatch.setattr(models, "write", counted)
        projector.apply(log[4:], TERMS, until(log, "2026-03-09 09:10"))
        assert {name: count for name, count in written.items() if count} == {
            "tickets": 1,
            "clocks": 1,
        }

    def test_somebody_elses_move_fences(
        self, models: ReadModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that lost its partition keeps nothing (architecture, decision 3)."""
        log = log_of(critical())
        monkeypatch.setattr(models, "move", lambda *arguments: False)
        with pytest.raises(Fenced):
            Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:10"))
        assert models.rows(TICKETS, ["T-1"]) == []

    def test_partitions_do_not_disturb_each_other(self, models: ReadModels) -> None:
        """Each has its own place, and only its own tickets are looked at."""
        one, other = log_of(critical("T-1")), log_of(critical("T-2"))
        Projector(models, 0).apply(one, TERMS, until(one, "2026-03-09 08:10"))
        Projector(models, 7).apply(other, TERMS, until(other, "2026-03-09 08:10"))
        Projector(models, 7).advance(until(other, "2026-03-09 09:01"), TERMS)
        assert verdict(models, "T-1") == ["running"]
        assert verdict(models, "T-2") == ["breached"]
        Projector(models, 0).reset()
        assert models.rows(TICKETS, ["T-1", "T-2"])[0].ticket == "T-2"


class TestTime:
    def test_a_watermark_decides_what_is_due_by_then(self, models: ReadModels) -> None:
        """A breach is told 30 s after its due time, together with the verdict."""
        log = log_of(critical())
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 09:00:29"))
        assert verdict(models) == ["running"]
        done = projector.advance(until(log, "2026-03-09 09:00:30"), TERMS)
        assert [one.kind for one in done.announced] == ["breach"]
        assert verdict(models) == ["breached"]
        assert told(models) == [
            "2026-03-09 08:30:30 warning 0.5",
            "2026-03-09 08:45:30 warning 0.75",
            "2026-03-09 09:00:30 breach",
        ]

    def test_a_watermark_of_events_to_come_decides_nothing(self, models: ReadModels) -> None:
        """It is sound only when its position was applied (semantics §5)."""
        log = log_of(critical().answered("2026-03-09 08:30"))
        projector = Projector(models)
        projector.apply(log[:2], TERMS)
        before = projector.place
        projector.advance(until(log, "2026-03-10 12:00"), TERMS)
        assert projector.place == before

    def test_time_does_not_go_back(self, models: ReadModels) -> None:
        """An earlier watermark changes nothing."""
        log = log_of(critical())
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 09:01"))
        before = projector.place
        assert projector.advance(until(log, "2026-03-09 08:30"), TERMS) == Applied()
        assert projector.place == before

    def test_a_tick_folds_only_what_has_its_turn(self, models: ReadModels) -> None:
        """The clocks that are not due are not even looked at."""
        stories = [critical(f"T-{number}") for number in range(30)]
        early = ticket("T-early").opened("2026-03-09 07:59").triaged("2026-03-09 08:00", 1)
        log = log_of(*stories, early.answered("2026-03-09 08:01").replied("2026-03-09 08:02"))
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 08:06"))
        assert projector.advance(until(log, "2026-03-09 08:30"), TERMS).folded == 0
        done = projector.advance(until(log, "2026-03-09 08:32:29"), TERMS)
        assert done.folded == 30
        assert projector.advance(until(log, "2026-03-09 08:32:30"), TERMS).folded == 1

    def test_an_answered_clock_takes_no_turns(self, models: ReadModels) -> None:
        """Nothing it could still tell is left."""
        log = log_of(critical().answered("2026-03-09 08:10"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:11"))
        assert models.next_turn() is None
        assert models.rows(DEADLINES, ["T-1"]) == []

    def test_a_breach_is_told_though_the_answer_came_before_its_turn(
        self, models: ReadModels
    ) -> None:
        """Late is late; it is cleared at once (semantics §6)."""
        log = log_of(critical().answered("2026-03-09 09:00:10"))
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 09:00:20"))
        assert verdict(models) == ["breached"]
        assert [row.kind for row in models.rows(DEADLINES, ["T-1"])] == ["breach"]
        projector.advance(until(log, "2026-03-09 09:00:30"), TERMS)
        assert [line.split()[2] for line in told(models)][-2:] == ["breach", "cleared"]

    def test_many_that_are_due_at_once_are_taken_in_portions(
        self, models: ReadModels, new_models: NewModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each a transaction of its own, and the rows come out the same."""
        stories = [
            ticket(f"T-{number}")
            .opened(f"2026-03-09 08:{number:02}")
            .triaged(f"2026-03-09 08:{number:02}", 1)
            for number in range(12)
        ]
        log = log_of(*stories)
        whole = new_models()
        Projector(whole).apply(log, TERMS, until(log, "2026-03-10 12:00"))
        monkeypatch.setattr(module, "PORTION", 5)
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 08:11"))
        done = projector.advance(until(log, "2026-03-10 12:00"), TERMS)
        assert done.folded > 12
        assert dump(models) == dump(whole)

    def test_an_old_batch_after_a_long_sleep_decides_the_time_before_it_first(
        self, models: ReadModels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Portions of what was due before the batch, then the batch."""
        monkeypatch.setattr(module, "PORTION", 1)
        log = log_of(critical("T-1"), critical("T-2"), ticket("T-3").opened("2026-03-10 12:00"))
        projector = Projector(models)
        projector.apply(log[:4], TERMS, until(log[:4], "2026-03-09 08:10"))
        projector.apply(log[4:], TERMS, until(log, "2026-03-10 12:00"))
        assert announced(models) == sorted(announced(models))
        assert len(announced(models)) == 12


class TestAnnouncing:
    def test_only_deadlines_since_live_from_are_announced(self, models: ReadModels) -> None:
        """D + settle at or after it; the alerts themselves are all concluded (semantics §6)."""
        log = log_of(critical())
        terms = TERMS._replace(live_from=at("2026-03-09 08:45:30"))
        Projector(models).apply(log, terms, until(log, "2026-03-09 09:01"))
        assert len(told(models)) == 3
        assert announced(models) == [
            "2026-03-09 08:45:30 T-1 warning",
            "2026-03-09 09:00:30 T-1 breach",
        ]

    def test_an_old_breach_that_becomes_known_today_is_not_announced(
        self, models: ReadModels
    ) -> None:
        """Its deadline lies before live_from, though it is decided after it."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-10 12:00")
        log = log_of(story.triaged("2026-03-10 12:01", 1))
        terms = TERMS._replace(live_from=at("2026-03-10 12:00"))
        Projector(models).apply(log, terms, until(log, "2026-03-10 12:02"))
        assert "breach" in told(models)[0]
        assert announced(models) == []

    def test_an_ending_is_announced_like_what_it_ends(self, models: ReadModels) -> None:
        """One clears only old alerts, the other one that was announced."""
        old, new = critical("T-1"), critical("T-2")
        log = log_of(old.answered("2026-03-09 08:40"), new.answered("2026-03-09 08:50"))
        terms = TERMS._replace(live_from=at("2026-03-09 08:45"))
        Projector(models).apply(log, terms, until(log, "2026-03-09 09:01"))
        assert len(told(models, "T-1")) == 2
        assert len(told(models, "T-2")) == 3
        assert announced(models) == [
            "2026-03-09 08:45:30 T-2 warning",
            "2026-03-09 08:50 T-2 cleared",
        ]

    def test_the_outbox_is_in_the_order_of_decisions(self, models: ReadModels) -> None:
        """Then by ticket, as the alerts of a file."""
        log = log_of(critical("T-2"), critical("T-1"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:31"))
        assert announced(models) == [
            "2026-03-09 08:30:30 T-1 warning",
            "2026-03-09 08:30:30 T-2 warning",
        ]

    def test_the_outbox_holds_the_alert_as_the_contract_writes_it(self, models: ReadModels) -> None:
        """Word for word, so that it never changes once it was announced."""
        log = log_of(critical())
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:31"))
        [one] = models.outbox(0, 0, 10)
        assert one.alert == (
            f'{{"id":"{one.alert_id}","kind":"warning","ticket":"T-1","clock":"initial",'
            '"instance":1,"started_by":"T-1/1","step":"0.5","deadline":"2026-03-09T07:30:00Z",'
            '"due_at":"2026-03-09T08:00:00Z","decided_at":"2026-03-09T07:30:30Z","refers":[],'
            '"reason":null}'
        )


class TestRebuilding:
    def test_a_rebuild_tells_nobody_and_goes_on_from_there(self, models: ReadModels) -> None:
        """What was announced stays announced, and the next deadline is announced as ever."""
        log = log_of(critical())
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 08:40"))
        before = dump(models)
        done = projector.rebuild([log], TERMS, until(log, "2026-03-09 08:40"))
        assert done.announced == ()
        assert {name: rows for name, rows in dump(models).items() if name != "positions"} == {
            name: rows for name, rows in before.items() if name != "positions"
        }
        projector.advance(until(log, "2026-03-09 08:46"), TERMS)
        assert announced(models) == [
            "2026-03-09 08:30:30 T-1 warning",
            "2026-03-09 08:45:30 T-1 warning",
        ]

    def test_a_rebuild_that_was_cut_off_is_finished_by_going_on(self, models: ReadModels) -> None:
        """And still tells nobody about the past."""
        log = log_of(critical("T-1"), critical("T-2"))
        projector = Projector(models)
        projector.apply(log, TERMS, until(log, "2026-03-09 08:40"))
        told_before = announced(models)
        projector.reset()
        projector.apply(log[:1], TERMS)
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:40"))
        assert announced(models) == told_before
        assert len(told(models, "T-2")) == 1

    def test_read_models_that_were_lost_are_made_anew_in_silence(self, models: ReadModels) -> None:
        """Whoever knows that they were there says up to when nothing is to be announced."""
        log = log_of(critical())
        projector = Projector(models)
        quiet = at("2026-03-09 08:40")
        done = projector.rebuild([log], TERMS, until(log, "2026-03-09 08:46"), announced_to=quiet)
        assert [shown(one.decided_at) for one in done.announced] == ["2026-03-09 08:45:30"]
        assert [change.after for change in projector.differences(TERMS)] == ["warning"]

    def test_differences_name_what_was_announced_and_what_is_concluded(
        self, models: ReadModels
    ) -> None:
        """A rebuild reports them, both ways (semantics §6, end)."""
        log = log_of(critical())
        mark = until(log, "2026-03-09 08:31")
        Projector(models).apply(log, TERMS, mark)
        assert Projector(models).differences(TERMS) == []
        slower = Projector(models, fold=later)
        slower.rebuild([log], TERMS, mark)
        [gone, new] = sorted(slower.differences(TERMS), key=lambda change: change.announced)[::-1]
        assert (gone.before, gone.after, gone.announced) == ("warning", None, True)
        assert (new.before, new.after, new.announced) == (None, "warning", False)


def later(
    history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
) -> Rows:
    """A fold as another version of the program might make it: alerts have other ids."""
    made = rows(history, policies, decided_to, partition)
    return made._replace(
        clocks=tuple(clock._replace(verdict="met") for clock in made.clocks),
        alerts=tuple(alert._replace(id=f"new-{alert.id}") for alert in made.alerts),
        told=[alert._replace(id=f"new-{alert.id}") for alert in made.told],
    )


def without_the_first(
    history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
) -> Rows:
    """A fold that no longer tells the first alert: the others have other numbers."""
    made = rows(history, policies, decided_to, partition)
    return made._replace(
        alerts=tuple(alert._replace(number=alert.number - 1) for alert in made.alerts[1:]),
        told=made.told[1:],
    )


class TestAnotherVersion:
    def test_stale_tickets_are_folded_again_in_portions(self, models: ReadModels) -> None:
        """Announcing nothing, and reporting what changed (architecture, decision 5)."""
        log = log_of(critical("T-1"), critical("T-2"), critical("T-3"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:31"))
        before = announced(models)
        newer = Projector(models, fold=later, version=2)
        first = newer.refold(2, TERMS)
        assert first is not None
        assert (first.folded, first.announced) == (2, ())
        [verdict_changed, *alerts] = [one for one in first.changes if one.ticket == "T-1"]
        assert verdict_changed == Change(
            "T-1", "verdict", "initial T-1/1", "running", "met", announced=False
        )
        assert sorted((one.before, one.after, one.announced) for one in alerts if one.before) == [
            ("warning", None, True)
        ]
        assert [(one.after, one.announced) for one in alerts if one.after] == [("warning", False)]
        assert newer.place.projector_version == 1
        second = newer.refold(2, TERMS)
        assert second is not None
        assert second.folded == 1
        assert newer.refold(2, TERMS) == Applied()
        assert newer.place.projector_version == 2
        assert newer.refold(2, TERMS) is None
        assert announced(models) == before

    def test_alerts_may_get_other_numbers(self, models: ReadModels) -> None:
        """One is told no longer; those after it move up, or back again."""
        log = log_of(critical())
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 12:00"))
        [_, *others] = before = models.rows(ALERTS, ["T-1"])
        assert len(others) > 1
        assert Projector(models, fold=without_the_first, version=2).refold(1, TERMS) is not None
        assert models.rows(ALERTS, ["T-1"]) == [
            alert._replace(number=number) for number, alert in enumerate(others, start=1)
        ]
        assert Projector(models, version=3).refold(1, TERMS) is not None
        assert models.rows(ALERTS, ["T-1"]) == before

    def test_a_restart_in_between_goes_on(self, models: ReadModels) -> None:
        """Which tickets are stale stands in their rows."""
        log = log_of(critical("T-1"), critical("T-2"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:31"))
        assert Projector(models, fold=later, version=2).refold(1, TERMS) is not None
        again = Projector(models, fold=later, version=2).refold(5, TERMS)
        assert again is not None
        assert [change.ticket for change in again.changes if change.what == "verdict"] == ["T-2"]

    def test_a_stale_ticket_that_goes_on_is_folded_as_it_was_first(
        self, models: ReadModels
    ) -> None:
        """So what the version changed is told apart from what the new event changes."""
        log = log_of(critical().answered("2026-03-09 08:40"))
        Projector(models).apply(log[:2], TERMS, until(log[:2], "2026-03-09 08:31"))
        newer = Projector(models, version=2)
        done = newer.apply(log[2:], TERMS, until(log, "2026-03-09 08:41"))
        assert done.changes == ()
        assert verdict(models) == ["met"]
        assert [one.kind for one in done.announced] == ["cleared"]

    def test_what_a_version_changes_is_reported_whenever_it_is_found(
        self, models: ReadModels
    ) -> None:
        """Also when the ticket goes on before its turn to be folded again."""
        log = log_of(critical().replied("2026-03-09 08:40"))
        Projector(models).apply(log[:2], TERMS, until(log[:2], "2026-03-09 08:31"))
        newer = Projector(models, fold=later, version=2)
        done = newer.apply(log[2:], TERMS, until(log, "2026-03-09 08:41"))
        assert {change.what for change in done.changes} == {"verdict", "alert"}
        assert done.announced == ()

    def test_the_same_conclusions_are_no_change(self, models: ReadModels) -> None:
        """Only the version on the rows is another one."""
        log = log_of(critical())
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:31"))
        before = dump(models, ("tickets", "clocks", "deadlines", "alerts", "outbox"))
        assert Projector(models, version=2).refold(9, TERMS) == Applied(folded=1)
        assert dump(models, ("tickets", "clocks", "deadlines", "alerts", "outbox")) == before


def failing(*names: str, error: type[Exception] = KeyError) -> Callable[..., Rows]:
    """A fold with a fault: it fails for some tickets."""

    def fold(
        history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
    ) -> Rows:
        if history[0].ticket in names:
            raise error("premium")
        return rows(history, policies, decided_to, partition)

    return fold


class TestParking:
    def test_a_ticket_that_fails_is_parked_and_the_others_go_on(self, models: ReadModels) -> None:
        """Its reason and its position are kept (architecture, decision 6)."""
        log = log_of(critical("T-1"), critical("T-2"))
        mark = until(log, "2026-03-09 08:31")
        done = Projector(models, fold=failing("T-1")).apply(log, TERMS, mark)
        assert done.parked == 1
        [row] = models.parked()
        assert (row.ticket, row.position, row.error, row.reason) == (
            "T-1",
            log[2].position,
            "KeyError",
            "'premium'",
        )
        assert models.rows(TICKETS, ["T-1"]) == []
        assert announced(models) == ["2026-03-09 08:30:30 T-2 warning"]

    def test_a_ticket_that_leaves_the_calendar_is_parked(self, models: ReadModels) -> None:
        """With the message that says how to mend the policy."""
        story = ticket().opened("2036-12-31 16:59").triaged("2036-12-31 16:59", 4)
        last_year = MANAGRY.versions[0].plans["premium"].hours.last_year
        history = [
            event._replace(
                occurred_at=at(f"{last_year}-12-31 16:59"),
                recorded_at=at(f"{last_year}-12-31 16:59"),
            )
            for event in story.history
        ]
        log = partition(history)
        Projector(models).apply(log, TERMS, mark(log, log[-1].recorded.recorded_at))
        [row] = models.parked()
        assert row.error == OutsideCalendar.__name__
        assert "widen calendar.years" in row.reason

    def test_nothing_is_decided_about_a_parked_ticket(self, models: ReadModels) -> None:
        """Until it is retried."""
        log = log_of(critical())
        projector = Projector(models, fold=failing("T-1"))
        projector.apply(log, TERMS, until(log, "2026-03-09 08:10"))
        assert projector.advance(until(log, "2026-03-09 12:00"), TERMS).folded == 0
        assert models.next_turn() is None

    def test_a_retry_announces_what_was_left_untold(self, models: ReadModels) -> None:
        """Everything since it was parked, and nothing from before."""
        log = log_of(critical().replied("2026-03-09 08:40"))
        Projector(models).apply(log[:2], TERMS, until(log[:2], "2026-03-09 08:31"))
        broken = Projector(models, fold=failing("T-1"))
        broken.apply(log[2:], TERMS, until(log, "2026-03-09 08:41"))
        broken.advance(until(log, "2026-03-09 09:01"), TERMS)
        assert announced(models) == ["2026-03-09 08:30:30 T-1 warning"]
        done = Projector(models).retry("T-1", TERMS)
        assert [shown(one.decided_at) for one in done.announced] == [
            "2026-03-09 08:45:30",
            "2026-03-09 09:00:30",
        ]
        assert models.parked() == []
        assert verdict(models) == ["breached"]
        assert models.next_turn() == at("2026-03-09 10:00:30")

    def test_a_retry_that_fails_again_keeps_what_is_untold(self, models: ReadModels) -> None:
        """The reason is the new one, the moment that of the first failure."""
        log = log_of(critical())
        projector = Projector(models, fold=failing("T-1"))
        projector.apply(log, TERMS, until(log, "2026-03-09 08:10"))
        projector.advance(until(log, "2026-03-09 08:31"), TERMS)
        [first] = models.parked()
        again = Projector(models, fold=failing("T-1", error=TypeError)).retry("T-1", TERMS)
        assert again.parked == 0
        assert models.parked() == [first._replace(error="TypeError", reason="premium")]
        assert len(Projector(models).retry("T-1", TERMS).announced) == 1

    def test_a_new_event_folds_a_parked_ticket_again(self, models: ReadModels) -> None:
        """If it works now, the ticket is parked no more."""
        log = log_of(critical().answered("2026-03-09 08:40"))
        Projector(models, fold=failing("T-1")).apply(
            log[:2], TERMS, until(log[:2], "2026-03-09 08:31")
        )
        done = Projector(models).apply(log[2:], TERMS, until(log, "2026-03-09 08:41"))
        assert [one.kind for one in done.announced] == ["warning", "cleared"]
        assert models.rows(PARKED, ["T-1"]) == []

    def test_a_ticket_that_is_not_parked_is_not_retried(self, models: ReadModels) -> None:
        """Named, with where to look."""
        log = log_of(critical())
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:10"))
        for name in ("T-1", "T-unknown"):
            with pytest.raises(NotParked, match=f"{name} is not parked"):
                Projector(models).retry(name, TERMS)

    def test_many_that_fail_within_a_minute_stop_the_projector(self, models: ReadModels) -> None:
        """The fault is not theirs; the position does not move."""
        names = [f"T-{number}" for number in range(30)]
        log = log_of(*map(critical, names))
        projector = Projector(models, fold=failing(*names))
        with pytest.raises(TooManyParked, match="KeyError"):
            projector.apply(log, TERMS, until(log, "2026-03-09 08:10"))
        assert projector.place.position == 0
        assert models.parked() == []

    def test_one_after_the_other_is_counted_too(self, models: ReadModels) -> None:
        """Also across batches and restarts."""
        names = [f"T-{number:02}" for number in range(22)]
        stories = [
            ticket(name).opened(f"2026-03-09 08:00:{second:02}")
            for second, name in enumerate(names)
        ]
        log = log_of(*stories)
        fold = failing(*names)
        for entry in log[:21]:
            Projector(models, fold=fold).apply(
                [entry], TERMS, Mark(entry.position, entry.recorded.recorded_at)
            )
        with pytest.raises(TooManyParked, match="21 tickets"):
            Projector(models, fold=fold).apply(log, TERMS, until(log, "2026-03-09 08:01"))

    def test_slow_failures_stop_nothing(self, models: ReadModels) -> None:
        """One every few minutes is for an operator to see to."""
        names = [f"T-{number}" for number in range(30)]
        stories = [
            ticket(name).opened(f"2026-03-09 08:{minute:02}") for minute, name in enumerate(names)
        ]
        log = log_of(*stories)
        fold = failing(*names)
        for entry in log:
            Projector(models, fold=fold).apply(
                [entry], TERMS, Mark(entry.position, entry.recorded.recorded_at)
            )
        assert len(models.parked()) == 30

    def test_a_few_among_many_stop_nothing(self, models: ReadModels) -> None:
        """A large batch has them all in one moment."""
        good = [ticket(f"T-{number}").opened("2026-03-09 08:00") for number in range(300)]
        bad = [ticket(f"B-{number}").opened("2026-03-09 08:00") for number in range(25)]
        log = log_of(*good, *bad)
        projector = Projector(models, fold=failing(*(story.name for story in bad)))
        done = projector.apply(log, TERMS, until(log, "2026-03-09 08:01"))
        assert done.parked == 25


class FakeLog:
    """A log as the audit and a retry read it."""

    def __init__(self, log: Sequence[Entry]) -> None:
        self.log = log

    def read(self, after: int, limit: int) -> Sequence[Entry]:
        """The next entries."""
        return [entry for entry in self.log if entry.position > after][:limit]

    def ticket(self, ticket: str) -> Sequence[RecordedEvent]:
        """A ticket's history."""
        return [entry.recorded for entry in self.log if entry.recorded.ticket == ticket]


class TestDamagedHistory:
    DAMAGE = pytest.mark.parametrize(
        "lines", ["'garbage'", "''", "replace(lines, 'ticket.opened', 'ticket.opend')"]
    )

    @staticmethod
    def damage(models: ReadModels, lines: str) -> None:
        """Change what is kept of T-1."""
        models._database.change(f"UPDATE histories SET lines = {lines} WHERE ticket = 'T-1'")

    @DAMAGE
    def test_its_ticket_is_parked_and_the_log_mends_it(
        self, models: ReadModels, new_models: NewModels, lines: str
    ) -> None:
        """The others go on; the retry leaves what would stand without the damage."""
        log = log_of(critical("T-1").answered("2026-03-09 08:40"), critical("T-2"))
        sound = new_models()
        Projector(sound).apply(log, TERMS, until(log, "2026-03-09 08:41"))
        projector = Projector(models)
        projector.apply(log[:4], TERMS, until(log[:4], "2026-03-09 08:10"))
        self.damage(models, lines)
        done = projector.apply(log[4:], TERMS, until(log, "2026-03-09 08:41"))
        assert (done.parked, [one.ticket for one in done.announced]) == (1, ["T-2"])
        [row] = models.parked()
        assert (row.ticket, row.error) == ("T-1", "UnreadableHistory")
        assert "lhuta retry T-1" in row.reason
        assert projector.retry("T-1", TERMS).announced == ()
        assert [one.error for one in models.parked()] == [row.error]
        done = projector.retry("T-1", TERMS, FakeLog(log))
        assert [one.kind for one in done.announced] == ["warning", "cleared"]
        tables = ("histories", "tickets", "clocks", "deadlines", "alerts", "parked", "positions")
        assert dump(models, tables) == dump(sound, tables)

    @DAMAGE
    def test_time_and_another_version_park_it_too(self, models: ReadModels, lines: str) -> None:
        """Whatever asks for its events."""
        log = log_of(critical())
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:10"))
        self.damage(models, lines)
        Projector(models, fold=later, version=2).refold(10, TERMS)
        assert [row.error for row in models.parked()] == ["UnreadableHistory"]

    def test_a_retry_takes_only_what_was_applied(self, models: ReadModels) -> None:
        """Also of several events of one instant; the rest comes with its batch."""
        story = critical().answered("2026-03-09 08:30").imported("2026-03-10 12:00")
        log = log_of(story)
        projector = Projector(models)
        projector.apply(log[:2], TERMS)
        models.write(PARKED, [ParkedRow("T-1", 0, 6, "KeyError", "why", 0)])
        projector.retry("T-1", TERMS, FakeLog(log))
        assert [one.version for one in models.histories(["T-1"])["T-1"].events] == [1, 2]
        projector.apply(log[2:], TERMS, until(log, "2026-03-10 12:00"))
        assert list(Audit(models, FakeLog(log), lambda: MANAGRY).run()) == []

    def test_a_log_without_the_ticket_is_another_log(self, models: ReadModels) -> None:
        """Nothing is thrown away for it."""
        log = log_of(critical())
        projector = Projector(models, fold=failing("T-1"))
        projector.apply(log, TERMS, until(log, "2026-03-09 08:10"))
        with pytest.raises(OtherLog, match="no ticket T-1"):
            projector.retry("T-1", TERMS, FakeLog([]))
        assert len(models.histories(["T-1"])["T-1"].events) == 2

    @DAMAGE
    def test_an_audit_names_it(self, models: ReadModels, lines: str) -> None:
        """As one difference; the other tickets are compared."""
        log = log_of(critical("T-1"), critical("T-2"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:10"))
        self.damage(models, lines)
        audit = Audit(models, FakeLog(log), lambda: MANAGRY)
        [found] = audit.run()
        assert (found.ticket, found.table, found.column) == ("T-1", "histories", "lines")
        assert "cannot be read" in str(found.stands)
        assert audit.tickets == 2


class TestAudit:
    @pytest.fixture
    def log(self, models: ReadModels) -> list[Entry]:
        """Give read models of two tickets, and their log."""
        log = log_of(critical("T-1"), critical("T-2").answered("2026-03-09 08:40"))
        Projector(models).apply(log, TERMS, until(log, "2026-03-09 08:50"))
        return log

    def found(self, models: ReadModels, log: Sequence[Entry]) -> list[Difference]:
        """What an audit finds."""
        return list(Audit(models, FakeLog(log), lambda: MANAGRY).run(limit=1))

    def test_what_the_projector_made_is_sound(self, models: ReadModels, log: list[Entry]) -> None:
        """Every ticket was looked at."""
        audit = Audit(models, FakeLog(log), lambda: MANAGRY)
        assert list(audit.run()) == []
        assert audit.tickets == 2

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            (
                "UPDATE tickets SET status = 'open' WHERE ticket = 'T-2'",
                "tickets status open pending",
            ),
            (
                "UPDATE clocks SET due_at = 1 WHERE ticket = 'T-1'",
                "clocks due_at 1 1773043200000000",
            ),
            (
                "UPDATE clocks SET verdict = 'met' WHERE ticket = 'T-1'",
                "clocks verdict met running",
            ),
            ("UPDATE histories SET next_turn = 5 WHERE ticket = 'T-1'", "histories next_turn 5 "),
            ("DELETE FROM deadlines WHERE kind = 'breach'", "deadlines * None DeadlineRow"),
            ("DELETE FROM alerts WHERE ticket = 'T-2' AND number = 1", "alerts * None AlertRow"),
            (
                "INSERT INTO parked VALUES ('T-1', 0, 9, 'KeyError', 'why', 0)",
                "parked * ParkedRow",
            ),
            (
                "UPDATE histories SET lines = replace(lines, 'agent:A-1', 'agent:A-2') "
                "WHERE ticket = 'T-1'",
                "histories lines RecordedEvent",
            ),
            ("DELETE FROM histories WHERE ticket = 'T-1'", "histories * None a history"),
        ],
    )
    def test_every_difference_is_named(
        self, models: ReadModels, log: list[Entry], statement: str, expected: str
    ) -> None:
        """Ticket, table, column and both values."""
        models._database.change(statement)
        first, *_ = self.found(models, log)
        assert f"{first.table} {first.column} {first.stands} {first.expected}".startswith(expected)
        assert first.ticket == ("T-2" if "T-2" in statement else "T-1")

    def test_a_ticket_that_the_log_does_not_have_is_found(
        self, models: ReadModels, log: list[Entry]
    ) -> None:
        """All its rows are too many."""
        without = [entry for entry in log if entry.recorded.ticket == "T-1"]
        found = self.found(models, without)
        assert {one.ticket for one in found} == {"T-2"}
        assert {one.table for one in found} >= {"tickets", "clocks", "histories"}
        assert {one.expected for one in found} == {None}

    def test_what_the_log_has_and_nobody_applied_yet_is_no_difference(
        self, models: ReadModels, log: list[Entry]
    ) -> None:
        """The read models are behind, not wrong."""
        story = critical("T-1").answered("2026-03-09 08:55")
        more = log_of(story, critical("T-2").answered("2026-03-09 08:40"), critical("T-3"))
        later = [entry for entry in more if entry.recorded.ticket != "T-3"]
        assert self.found(models, later) == []

    def test_an_event_that_was_lost_is_found(self, models: ReadModels, log: list[Entry]) -> None:
        """It was recorded before the time that is decided."""
        story = critical("T-1").answered("2026-03-09 08:45")
        more = log_of(story, critical("T-2").answered("2026-03-09 08:40"))
        [lost] = self.found(models, more)
        assert (lost.ticket, lost.table, lost.row, lost.stands) == ("T-1", "histories", "3", None)

    def test_a_parked_ticket_that_would_fail_again_is_no_difference(
        self, models: ReadModels
    ) -> None:
        """With another reason it is one."""
        last_year = MANAGRY.versions[0].plans["premium"].hours.last_year
        moment = at(f"{last_year}-12-31 16:59")
        story = ticket().opened("2026-03-09 08:00").triaged("2026-03-09 08:00", 4)
        log = partition(
            [event._replace(occurred_at=moment, recorded_at=moment) for event in story.history]
        )
        Projector(models).apply(log, TERMS, mark(log, moment))
        assert self.found(models, log) == []
        models._database.change("UPDATE parked SET reason = 'because'")
        [found] = self.found(models, log)
        assert (found.table, found.column, found.stands) == ("parked", "reason", "because")

    def test_tickets_of_another_version_are_passed_over(self, models: ReadModels) -> None:
        """They are folded again anyway."""
        log = log_of(critical())
        newer = Projector(models, fold=later, version=2)
        newer.apply(log, TERMS, until(log, "2026-03-09 08:50"))
        assert self.found(models, log) == []

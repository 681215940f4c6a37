"""Alerts and tickets as programs ask for them, from read models in a file and on a server."""

from typing import Any

from infra.store.listed import NEWEST, Listed, Wanted
from infra.store.models import ReadModels
from infra.store.told import OfTicket, Told
from infra.store.told import Wanted as WantedAlerts
from projections.models import START, Announcement
from projections.rows import ALERTS, TICKETS, AlertRow, TicketRow
from tests.servers.read_models import NewModels


def alert(ticket: str, number: int, decided_at: int) -> AlertRow:
    """An alert, whose id tells its place."""
    return AlertRow(
        ticket,
        number,
        f"{ticket}/{number}",
        "breach",
        "initial",
        1,
        "e-1",
        None,
        None,
        decided_at,
        decided_at,
        decided_at,
        "[]",
        None,
    )


def ticket(name: str, customer: str, opened_at: int, severity: int | None) -> TicketRow:
    """A ticket of a customer."""
    return TicketRow(
        ticket=name,
        partition=0,
        status="open",
        severity=severity,
        impact=None,
        topic=None,
        supported=None,
        customer_id=customer,
        plan="premium",
        channel="email",
        opened_at=opened_at,
        triaged_at=None,
        answered_at=None,
        resolved_at=None,
        changed_at=opened_at,
        recorded_at=opened_at,
        events=1,
    )


def with_alerts(models: ReadModels) -> Told:
    """Decide alerts in two partitions, of which one is behind; the first one was announced."""
    models.move(0, None, START._replace(decided_to=300))
    models.move(1, None, START._replace(decided_to=200, announced_to=250))
    models.write(ALERTS, [alert("B", 2, 300), alert("B", 1, 200), alert("A", 1, 200)])
    models.announce([Announcement(0, 1, "A/1", "A", "breach", 200, "{}")])
    return Told(models.database)


def test_alerts_come_in_the_order_of_deciding(new_models: NewModels) -> None:
    """A page at a time, each with whether it was announced."""
    told = with_alerts(new_models())
    first = told.alerts((0, "", 0), 2)
    assert [(one.alert.id, one.announced) for one in first] == [("A/1", True), ("B/1", False)]
    assert [one.alert.id for one in told.alerts((200, "B", 1), 2)] == ["B/2"]


def test_what_a_slower_partition_may_still_decide_is_waited_for(new_models: NewModels) -> None:
    """Whoever follows would pass it by."""
    models = new_models()
    assert (Told(models.database).decided_to(), Told(models.database).end()) == (0, (0, "", 0))
    told = with_alerts(models)
    assert told.decided_to() == 200
    assert [one.alert.id for one in told.alerts((0, "", 0), 9, until=200)] == ["A/1", "B/1"]
    assert told.end() == (251, "", 0)


def test_tickets_come_newest_first_and_only_those_that_match(new_models: NewModels) -> None:
    """Also where nothing is asked of them."""
    models = new_models()
    rows = [ticket("T-1", "c-1", 10, 1), ticket("T-2", "c-2", 20, None), ticket("T-3", "c-1", 5, 2)]
    models.write(TICKETS, rows)
    listed = Listed(models.database)
    assert [one.ticket for one in listed.tickets(Wanted(), NEWEST, 9)] == ["T-2", "T-1", "T-3"]
    assert [one.ticket for one in listed.tickets(Wanted(), (20, "T-2"), 1)] == ["T-1"]
    wanted = Wanted(customer_id="c-1", status="open", severity=2, plan="premium")
    assert [one.ticket for one in listed.tickets(wanted, NEWEST, 9)] == ["T-3"]
    assert listed.tickets(Wanted(plan="basic"), NEWEST, 9) == []


def test_the_newest_alerts_come_first_with_their_tickets(new_models: NewModels) -> None:
    """Only those that match, before a place, and whether each was announced."""
    models = new_models()
    told = with_alerts(models)
    models.write(TICKETS, [ticket("A", "c-1", 10, 1), ticket("B", "c-2", 20, None)])

    def ids(*, before: tuple[int, str, int] = (301, "", 0), limit: int = 9, **wanted: Any) -> Any:
        return [one.alert.id for one in told.newest(WantedAlerts(**wanted), before, limit)]

    assert ids() == ["B/2", "B/1", "A/1"]
    assert ids(before=(300, "B", 2)) == ["B/1", "A/1"]
    assert ids(limit=1) == ["B/2"]
    assert ids(before=(201, "", 0), since=200) == ["B/1", "A/1"]
    assert ids(since=201) == ["B/2"]
    assert ids(severity=1) == ids(ticket="A") == ids(customer_id="c-1") == ["A/1"]
    assert ids(kind="warning") == ids(plan="basic") == []
    assert told.newest(WantedAlerts(ticket="A"), (301, "", 0), 1) == [
        OfTicket(alert("A", 1, 200), True, 1, "premium", "c-1")
    ]

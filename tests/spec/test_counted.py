"""How many of what is said in messages."""

import pytest

from infra.counted import counted


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1_000, "1,000 events")],
)
def test_one_is_not_many(number: int, said: str) -> None:
    """Thousands are separated, and nothing is counted like many."""
    assert counted(number, "event") == said


def test_a_plural_of_its_own_is_named() -> None:
    """With the verb, where there is one."""
    assert counted(1, "ticket was", "tickets were") == "1 ticket was"
    assert counted(2, "ticket was", "tickets were") == "2 tickets were"

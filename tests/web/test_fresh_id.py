"""Identifiers made many at a time are UUIDs as any other."""

from uuid import RFC_4122, UUID

from infra.doors.web.fresh_id import FreshIds


def test_they_are_random_uuids_written_as_usual() -> None:
    """Of version 4, each another one, also beyond those drawn together."""
    fresh = FreshIds()
    made = [fresh() for _ in range(1_000)]
    read = [UUID(one) for one in made]
    assert {(one.version, one.variant) for one in read} == {(4, RFC_4122)}
    assert [str(one) for one in read] == made
    assert len(set(made)) == len(made)
    # The two bits that are given leave four digits for the variant, and all four are drawn.
    assert {one[19] for one in made} == set("89ab")

"""The store of tokens, on every back end that there is: what is kept, and what never is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from domain import instant
from infra.store.access import (
    ROLES,
    DamagedAccess,
    Holder,
    SQLiteTokens,
    Token,
    TokenUnknown,
    digest_of,
    secret,
)
from infra.store.failure import Missing, NewerSchema
from tests.contract.given import NOW

AGENT = Holder("agent", "a-1")


class Tokens(Protocol):
    """What every store of tokens can do."""

    def add(self, holder: Holder, digest: bytes, now: int, expires_at: int) -> Token:
        """Keep the digest of a new token."""

    def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest."""

    def all(self) -> list[Token]:
        """Return every token."""

    def revoke(self, name: str, now: int) -> Token:
        """End a token."""


@pytest.fixture(params=[SQLiteTokens.open])
def tokens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tokens]:
    """Give a store without tokens."""
    with request.param(tmp_path / "access.db") as opened:
        yield opened


class TestTokens:
    def test_what_is_found_is_what_was_added(self, tokens: Tokens) -> None:
        """By its digest, with role, id and plan, for every role."""
        for role in ROLES:
            holder = Holder(role, "x-1", "premium" if role == "customer" else None)
            digest = digest_of(secret())
            added = tokens.add(holder, digest, NOW, NOW + instant.DAY)
            assert tokens.find(digest) == added
            assert (added.holder, added.created_at, added.revoked_at) == (holder, NOW, None)
        assert [one.name for one in tokens.all()] == ["K-1", "K-2", "K-3", "K-4", "K-5"]

    def test_an_unknown_digest_is_nothing(self, tokens: Tokens) -> None:
        """Nor is a part of one that is known."""
        digest = digest_of(secret())
        tokens.add(AGENT, digest, NOW, NOW + instant.DAY)
        assert tokens.find(digest_of("lhuta_other")) is None
        assert tokens.find(digest[:-1]) is None

    def test_it_holds_up_to_its_end(self, tokens: Tokens) -> None:
        """The instant at which it expires is not in it."""
        made = tokens.add(AGENT, b"digest", NOW, NOW + 10)
        assert (made.holds(NOW + 9), made.holds(NOW + 10)) == (True, False)

    def test_a_revoked_token_stays_and_holds_no_more(self, tokens: Tokens) -> None:
        """Revoked again, it keeps the first instant."""
        name = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY).name
        assert tokens.revoke(name, NOW + 5).revoked_at == NOW + 5
        assert tokens.revoke(name, NOW + 9).revoked_at == NOW + 5
        found = tokens.find(b"digest")
        assert found is not None
        assert not found.holds(NOW + 1)

    @pytest.mark.parametrize("name", ["K-2", "K-", "K-0", "1", "K-²", "", "K-1 OR 1=1"])
    def test_a_token_that_is_not_there_cannot_be_revoked(self, tokens: Tokens, name: str) -> None:
        """The others are left alone."""
        tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        with pytest.raises(TokenUnknown):
            tokens.revoke(name, NOW)
        assert [one.revoked_at for one in tokens.all()] == [None]


class TestSecrets:
    def test_no_two_are_alike_and_each_is_long(self) -> None:
        """256 random bits behind a mark that scanners of leaked secrets know."""
        made = {secret() for _ in range(100)}
        assert len(made) == 100
        assert all(one.startswith("lhuta_") and len(one) == 49 for one in made)

    def test_a_secret_is_never_kept(self, tmp_path: Path) -> None:
        """What lies on disk has its digest only."""
        shown = secret()
        with SQLiteTokens.open(tmp_path / "access.db") as tokens:
            tokens.add(AGENT, digest_of(shown), NOW, NOW + instant.DAY)
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert digest_of(shown) in kept
        assert shown.encode() not in kept


class TestTheFile:
    def test_it_is_not_made_by_reading(self, tmp_path: Path) -> None:
        """Who only looks finds nothing."""
        with pytest.raises(Missing):
            SQLiteTokens.open(tmp_path / "access.db", read_only=True)

    def test_one_that_is_damaged_says_what_to_do(self, tmp_path: Path) -> None:
        """Nothing else is lost with it."""
        (tmp_path / "access.db").write_bytes(b"rubbish" * 1_000)
        with pytest.raises(DamagedAccess, match="lhuta token add"):
            SQLiteTokens.open(tmp_path / "access.db")

    def test_one_of_a_later_version_is_left_alone(self, tmp_path: Path) -> None:
        """An older program does not guess."""
        with SQLiteTokens.open(tmp_path / "access.db") as tokens:
            tokens._connection.execute("PRAGMA user_version = 9")
        with pytest.raises(NewerSchema):
            SQLiteTokens.open(tmp_path / "access.db")

"""The store of tokens and sessions, on every back end: what is kept, and what never is."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from domain import instant
from infra.store.access import (
    LASTS,
    ROLES,
    DamagedAccess,
    Holder,
    SQLiteTokens,
    StoredTokens,
    TokenUnknown,
    digest_of,
    opened,
    secret,
    session_secret,
)
from infra.store.access.on_postgresql import NAME
from infra.store.access.session import MOST
from infra.store.failure import Missing, NewerSchema, ReadOnly
from infra.store.place import Place
from tests.contract.given import NOW

AGENT = Holder("agent", "a-1")


class BackEnd(Protocol):
    """A place for the tokens of one installation."""

    @property
    def place(self) -> Place:
        """Return what `opened` takes."""

    def execute(self, statement: str) -> None:
        """Run a statement behind the store's back."""

    def kept(self) -> bytes:
        """Return every byte that is kept."""


class SQLite:
    """A file in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "access.db"

    def execute(self, statement: str) -> None:
        """Run a statement on a connection of its own."""
        with closing(sqlite3.connect(self.place, isolation_level=None)) as connection:
            connection.execute(statement)

    def kept(self) -> bytes:
        """Return every byte of every file."""
        return b"".join(file.read_bytes() for file in self.place.parent.iterdir())


class PostgreSQL:
    """An empty database of a server."""

    def __init__(self, url: str) -> None:
        self.place = url

    def execute(self, statement: str) -> None:
        """Run a statement on a connection of its own."""
        with psycopg.connect(self.place, autocommit=True) as connection:
            connection.execute(f"SET search_path = {NAME}; {statement}")

    def kept(self) -> bytes:
        """Return every byte of every row."""
        with psycopg.connect(self.place, autocommit=True) as connection:
            rows = [
                row
                for table in ("tokens", "sessions")
                for row in connection.execute(f"SELECT * FROM {NAME}.{table}").fetchall()
            ]
        return b"\0".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in rows
            for value in row
        )


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def back_end(request: pytest.FixtureRequest) -> BackEnd:
    """Give a place without tokens."""
    if request.param == "SQLite":
        return SQLite(request.getfixturevalue("tmp_path"))
    return PostgreSQL(request.getfixturevalue("postgresql"))


@pytest.fixture
def tokens(back_end: BackEnd) -> Iterator[StoredTokens]:
    """Give a store without tokens."""
    with opened(back_end.place) as made:
        yield made


class TestTokens:
    def test_what_is_found_is_what_was_added(self, tokens: StoredTokens) -> None:
        """By its digest, with role, id and plan, for every role."""
        for role in ROLES:
            holder = Holder(role, "x-1", "premium" if role == "customer" else None)
            digest = digest_of(secret())
            added = tokens.add(holder, digest, NOW, NOW + instant.DAY)
            assert tokens.find(digest) == added
            assert (added.holder, added.created_at, added.revoked_at) == (holder, NOW, None)
        assert [one.name for one in tokens.all()] == ["K-1", "K-2", "K-3", "K-4", "K-5"]

    def test_an_unknown_digest_is_nothing(self, tokens: StoredTokens) -> None:
        """Nor is a part of one that is known."""
        digest = digest_of(secret())
        tokens.add(AGENT, digest, NOW, NOW + instant.DAY)
        assert tokens.find(digest_of("lhuta_other")) is None
        assert tokens.find(digest[:-1]) is None

    def test_it_holds_up_to_its_end(self, tokens: StoredTokens) -> None:
        """The instant at which it expires is not in it."""
        made = tokens.add(AGENT, b"digest", NOW, NOW + 10)
        assert (made.holds(NOW + 9), made.holds(NOW + 10)) == (True, False)

    def test_a_revoked_token_stays_and_holds_no_more(self, tokens: StoredTokens) -> None:
        """Revoked again, it keeps the first instant."""
        name = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY).name
        assert tokens.revoke(name, NOW + 5).revoked_at == NOW + 5
        assert tokens.revoke(name, NOW + 9).revoked_at == NOW + 5
        found = tokens.find(b"digest")
        assert found is not None
        assert not found.holds(NOW + 1)

    @pytest.mark.parametrize("name", ["K-2", "K-", "K-0", "1", "K-²", "", "K-1 OR 1=1"])
    def test_a_token_that_is_not_there_cannot_be_revoked(
        self, tokens: StoredTokens, name: str
    ) -> None:
        """The others are left alone."""
        tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        with pytest.raises(TokenUnknown):
            tokens.revoke(name, NOW)
        assert [one.revoked_at for one in tokens.all()] == [None]


class TestSessions:
    def test_what_is_found_is_what_was_begun(self, tokens: StoredTokens) -> None:
        """With its token as it is by now; it lasts a working day."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        tokens.begin(b"session", token, NOW + 5)
        found = tokens.session(b"session")
        assert found == (token, NOW + 5 + LASTS)
        revoked = tokens.revoke(token.name, NOW + 6)
        found = tokens.session(b"session")
        assert found is not None
        assert found.token == revoked

    def test_it_is_over_when_its_token_is(self, tokens: StoredTokens) -> None:
        """However short that is."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + 10)
        tokens.begin(b"session", token, NOW)
        found = tokens.session(b"session")
        assert found is not None
        assert found.expires_at == NOW + 10

    def test_one_that_was_ended_is_gone(self, tokens: StoredTokens) -> None:
        """The others of the token go on; ending it again is nothing."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        for name in (b"one", b"other"):
            tokens.begin(name, token, NOW)
        for _ in range(2):
            tokens.end(b"one")
        assert tokens.session(b"one") is None
        assert tokens.session(b"other") is not None

    def test_a_session_is_no_token_and_a_token_no_session(self, tokens: StoredTokens) -> None:
        """Who gets hold of one cannot pass it off as the other."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        tokens.begin(b"session", token, NOW)
        assert tokens.find(b"session") is None
        assert tokens.session(b"digest") is None

    def test_what_is_over_is_forgotten(self, back_end: BackEnd, tokens: StoredTokens) -> None:
        """When the next one begins: the table does not grow for ever."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        tokens.begin(b"earlier", token, NOW)
        tokens.begin(b"later", token, NOW + LASTS - 1)
        assert tokens.session(b"earlier") is not None
        tokens.begin(b"last", token, NOW + LASTS)
        assert tokens.session(b"earlier") is None
        assert tokens.session(b"later") is not None

    def test_the_oldest_of_too_many_gives_way(self, tokens: StoredTokens) -> None:
        """Signing in again and again fills nothing; other tokens lose nothing by it."""
        token = tokens.add(AGENT, b"digest", NOW, NOW + instant.DAY)
        other = tokens.add(AGENT, b"other", NOW, NOW + instant.DAY)
        tokens.begin(b"of another", other, NOW)
        for number in range(MOST + 2):
            tokens.begin(b"%d" % number, token, NOW + number)
        there = [tokens.session(b"%d" % number) is not None for number in range(MOST + 2)]
        assert there == [False, False] + [True] * MOST
        assert tokens.session(b"of another") is not None


class TestManyAtOnce:
    def test_threads_share_a_store(self, tokens: StoredTokens) -> None:
        """No two tokens have one name, and each is found."""
        with ThreadPoolExecutor(8) as threads:
            made = list(
                threads.map(
                    lambda number: tokens.add(AGENT, b"%d" % number, NOW, NOW + 1), range(40)
                )
            )
            found = list(threads.map(lambda number: tokens.find(b"%d" % number), range(40)))
        assert found == made
        assert len({one.name for one in made}) == 40


class TestSecrets:
    def test_no_two_are_alike_and_each_is_long(self) -> None:
        """256 random bits; a token's behind a mark that scanners of leaked secrets know."""
        made = {secret() for _ in range(100)}
        assert len(made) == 100
        assert all(one.startswith("lhuta_") and len(one) == 49 for one in made)
        sessions = {session_secret() for _ in range(100)}
        assert len(sessions) == 100
        assert all(len(one) == 43 for one in sessions)

    def test_a_secret_is_never_kept(self, back_end: BackEnd, tokens: StoredTokens) -> None:
        """What is stored has their digests only."""
        shown, session = secret(), session_secret()
        token = tokens.add(AGENT, digest_of(shown), NOW, NOW + instant.DAY)
        tokens.begin(digest_of(session), token, NOW)
        tokens.close()
        kept = back_end.kept()
        for one in (shown, session):
            assert digest_of(one) in kept
            assert one.encode() not in kept


class TestThePlace:
    def test_it_is_not_made_by_reading(self, back_end: BackEnd) -> None:
        """Who only looks finds nothing."""
        with pytest.raises(Missing):
            opened(back_end.place, read_only=True)

    def test_it_can_be_read_alone(self, back_end: BackEnd, tokens: StoredTokens) -> None:
        """Once it is there; and then nothing is written."""
        made = tokens.add(AGENT, b"digest", NOW, NOW + 1)
        with opened(back_end.place, read_only=True) as reading:
            assert reading.all() == [made]
            with pytest.raises(ReadOnly):
                reading.revoke(made.name, NOW)

    @pytest.mark.parametrize(
        ("back_end", "later"),
        [
            ("SQLite", "PRAGMA user_version = 9"),
            ("PostgreSQL", "UPDATE schema_version SET number = 9"),
        ],
        indirect=["back_end"],
    )
    def test_one_of_a_later_version_is_left_alone(self, back_end: BackEnd, later: str) -> None:
        """An older program does not guess."""
        opened(back_end.place).close()
        back_end.execute(later)
        with pytest.raises(NewerSchema):
            opened(back_end.place)


class TestTheFile:
    def test_one_that_is_damaged_says_what_to_do(self, tmp_path: Path) -> None:
        """Nothing else is lost with it."""
        (tmp_path / "access.db").write_bytes(b"rubbish" * 1_000)
        with pytest.raises(DamagedAccess, match="lhuta token add"):
            SQLiteTokens.open(tmp_path / "access.db")

    def test_it_is_for_this_user_alone(self, tmp_path: Path) -> None:
        """Who may use the desk is nobody else's business."""
        with SQLiteTokens.open(tmp_path / "access.db") as tokens:
            tokens.add(AGENT, b"digest", NOW, NOW + 1)
            assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())

    def test_one_from_before_sessions_is_brought_up_to_date(self, tmp_path: Path) -> None:
        """Its tokens stay good."""
        path = tmp_path / "access.db"
        with SQLiteTokens.open(path) as tokens:
            token = tokens.add(AGENT, b"digest", NOW, NOW + 1)
        back_end = SQLite(tmp_path)
        back_end.execute("DROP TABLE sessions")
        back_end.execute("PRAGMA user_version = 1")
        with SQLiteTokens.open(path) as tokens:
            tokens.begin(b"session", token, NOW)
            assert tokens.session(b"session") is not None

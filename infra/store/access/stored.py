"""What every database of tokens and sessions does in the same way, by the statements they share."""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from infra.closing import Closing
from infra.store.access.session import LASTS, MOST, Session
from infra.store.access.token import Holder, Token, TokenUnknown

NOTHING: Mapping[str, object] = MappingProxyType({})

_COLUMNS = (
    "number, tokens.digest, role, holder, plan, tokens.created_at, tokens.expires_at, revoked_at"
)
_ADD = """
    INSERT INTO tokens (digest, role, holder, plan, created_at, expires_at)
    VALUES (:digest, :role, :holder, :plan, :created_at, :expires_at)
    RETURNING number
"""
_FIND = f"SELECT {_COLUMNS} FROM tokens WHERE digest = :digest"
_NAMED = f"SELECT {_COLUMNS} FROM tokens WHERE number = :number"
_ALL = f"SELECT {_COLUMNS} FROM tokens ORDER BY number"
_REVOKE = "UPDATE tokens SET revoked_at = :now WHERE number = :number AND revoked_at IS NULL"
_BEGIN = """
    INSERT INTO sessions (digest, token, created_at, expires_at)
    SELECT :digest, number, :now, :expires_at FROM tokens WHERE digest = :token
"""
_SESSION = f"""
    SELECT {_COLUMNS}, sessions.expires_at
    FROM sessions
    JOIN tokens ON tokens.number = sessions.token
    WHERE sessions.digest = :digest
"""
_END = "DELETE FROM sessions WHERE digest = :digest"
_CLEAR = """
    DELETE FROM sessions
    WHERE expires_at <= :now
        OR digest IN (
            SELECT sessions.digest
            FROM sessions
            JOIN tokens ON tokens.number = sessions.token
            WHERE tokens.digest = :token
            ORDER BY sessions.created_at DESC, sessions.digest
            LIMIT 1000 OFFSET :most
        )
"""
_NAME = re.compile(r"K-(\d{1,18})", re.ASCII)


class StoredTokens(Closing):
    """Tokens and sessions in a database; a context manager. Parameters in statements are `:name`.

    Safe to be used by several threads. Every method raises the StoreError that stopped it.
    """

    def add(self, holder: Holder, digest: bytes, now: int, expires_at: int) -> Token:
        """Keep the digest of a new token and return what it stands for."""
        added = {
            "digest": digest,
            "role": holder.role,
            "holder": holder.id,
            "plan": holder.plan,
            "created_at": now,
            "expires_at": expires_at,
        }
        [[number]] = self._rows(_ADD, added)
        return Token(f"K-{number}", digest, holder, now, expires_at, None)

    def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest, also one that is over; None where there is none."""
        found = self._rows(_FIND, {"digest": digest})
        return _token(found[0]) if found else None

    def all(self) -> list[Token]:
        """Return every token that was ever made, the oldest first."""
        return [_token(row) for row in self._rows(_ALL)]

    def revoke(self, name: str, now: int) -> Token:
        """End a token now; one that was revoked before stays as it was. Raises TokenUnknown."""
        known = _NAME.fullmatch(name)
        if known is None:
            raise TokenUnknown(name)
        number = int(known[1])
        self._change(_REVOKE, {"number": number, "now": now})
        found = self._rows(_NAMED, {"number": number})
        if not found:
            raise TokenUnknown(name)
        return _token(found[0])

    def begin(self, digest: bytes, token: Token, now: int) -> None:
        """Begin a session with a token, under a digest of its own; it ends with the token.

        Sessions that are over are forgotten, and the oldest of the token where they are too many.
        """
        self._change(_CLEAR, {"now": now, "token": token.digest, "most": MOST - 1})
        begun = {
            "digest": digest,
            "token": token.digest,
            "now": now,
            "expires_at": min(now + LASTS, token.expires_at),
        }
        self._change(_BEGIN, begun)

    def session(self, digest: bytes) -> Session | None:
        """Return the session of a digest, also one that is over; None where there is none."""
        found = self._rows(_SESSION, {"digest": digest})
        return Session(_token(found[0][:-1]), found[0][-1]) if found else None

    def end(self, digest: bytes) -> None:
        """End a session, if there is one."""
        self._change(_END, {"digest": digest})

    @abstractmethod
    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        """Return the rows of a statement."""

    @abstractmethod
    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        """Carry a statement out."""


def _token(row: Sequence[Any]) -> Token:
    number, digest, role, holder, plan, created_at, expires_at, revoked_at = row
    return Token(
        f"K-{number}", digest, Holder(role, holder, plan), created_at, expires_at, revoked_at
    )

"""Who may use the HTTP API: tokens and sessions, of which only digests are kept."""

from infra.store.access.on_sqlite import DamagedAccess, SQLiteTokens
from infra.store.access.session import LASTS, Session, session_secret
from infra.store.access.stored import StoredTokens
from infra.store.access.token import ROLES, Holder, Role, Token, TokenUnknown, digest_of, secret
from infra.store.place import Place, driver_for, is_url


def opened(place: Place, *, read_only: bool = False) -> StoredTokens:
    """Open the tokens of a place; make empty ones where there are none, unless `read_only`.

    Raises NoDriver, Missing and other StoreErrors.
    """
    if not is_url(place):
        return SQLiteTokens.open(place, read_only=read_only)
    with driver_for(place):
        from infra.store.access.on_postgresql import PostgreSQLTokens
    return PostgreSQLTokens.open(str(place), read_only=read_only)


__all__ = [
    "LASTS",
    "ROLES",
    "DamagedAccess",
    "Holder",
    "Role",
    "SQLiteTokens",
    "Session",
    "StoredTokens",
    "Token",
    "TokenUnknown",
    "digest_of",
    "opened",
    "secret",
    "session_secret",
]

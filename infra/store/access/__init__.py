"""Who may use the HTTP API: tokens, of which only digests are kept."""

from infra.store.access.on_sqlite import DamagedAccess, SQLiteTokens
from infra.store.access.token import ROLES, Holder, Role, Token, TokenUnknown, digest_of, secret

__all__ = [
    "ROLES",
    "DamagedAccess",
    "Holder",
    "Role",
    "SQLiteTokens",
    "Token",
    "TokenUnknown",
    "digest_of",
    "secret",
]

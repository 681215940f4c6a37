"""The way in to the board of a made-up desk, for whoever started it."""

from typing import TYPE_CHECKING

from domain import instant
from infra.doors.cli.running.live.lines import SAID
from infra.settings import Settings
from infra.store.access import Holder, digest_of, opened, secret
from infra.store.log import Clock
from projections.wording import Language

if TYPE_CHECKING:
    from infra.doors.web.server import Address

LASTS = 1 * instant.DAY
_NEWCOMER = Holder("specialist", "me")


def way_in(
    settings: Settings, address: "Address", clock: Clock, lang: Language, command: str
) -> str:
    """Tell where the board is, and how to sign in; raises StoreError.

    Nobody is a stranger at a desk of made-up people that only this machine can reach: a token is
    made and told with the address, in the part that a browser never sends. Where others can reach
    it, too, only the `command` is told that makes one.
    """
    said = SAID[lang]
    if not address.is_loopback:
        return said["http"].format(url=address.url, token=command)
    told, now = secret(), clock()
    with opened(settings.access) as tokens:
        tokens.add(_NEWCOMER, digest_of(told), now, now + LASTS)
    link = f"{address.url}/desk/sign-in#{told}"
    return said["way in"].format(link=link, url=address.url)

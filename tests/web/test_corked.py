"""What is written together goes out together, whole and in order."""

import asyncio
from collections.abc import Callable

import pytest

from infra.doors.web.corked import Corked

LONG = b"x" * 20_000


class Sent(asyncio.Transport):
    """A transport that remembers what it was told to do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Remember what is sent."""
        self.done.append(bytes(data))

    def close(self) -> None:
        """Remember the end."""
        self.done.append("closed")

    def abort(self) -> None:
        """Remember the end without what was held."""
        self.done.append("aborted")


def parts(*written: bytes) -> Callable[[Corked], None]:
    """Return what writes one after the other."""

    def write(transport: Corked) -> None:
        for part in written:
            transport.write(part)

    return write


def closing(transport: Corked) -> None:
    """Write, and close at once."""
    transport.write(b"last")
    transport.close()


@pytest.mark.parametrize(
    ("writing", "done"),
    [
        ([parts(b"head", b"body")], [b"headbody"]),
        ([parts(b"one"), parts(b"two")], [b"one", b"two"]),
        ([parts(b"head", LONG, b"tail")], [b"head" + LONG, b"tail"]),
        ([closing], [b"last", "closed"]),
        ([lambda transport: transport.abort()], ["aborted"]),
    ],
    ids=["one turn", "two turns", "much", "end", "abort"],
)
def test_a_turn_of_the_loop_is_one_sending(
    writing: list[Callable[[Corked], None]], done: list[bytes | str]
) -> None:
    """What is much is not held, and what is closed has been sent."""
    sent = Sent()

    async def turns() -> None:
        loop = asyncio.get_running_loop()
        transport = Corked(sent, loop)
        for write in writing:
            write(transport)
            turned = asyncio.Event()
            loop.call_soon(turned.set)
            await turned.wait()

    asyncio.run(turns())
    assert sent.done == done

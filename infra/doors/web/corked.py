"""What is written piece by piece, sent as one.

The head and the body of an answer are written one after the other; each sending is a call of the
system, and gives the processor away.
"""

import asyncio
from typing import Any

_MOST = 16 * 1024


class Corked:
    """A transport that sends together what is written within one turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = bytearray()

    def __getattr__(self, name: str) -> Any:
        """Return what else the transport can do."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it in a moment, or at once where much is waiting."""
        if not self._held:
            self._loop.call_soon(self._send)
        self._held += data
        if len(self._held) > _MOST:
            self._send()

    def close(self) -> None:
        """Send what is held, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, bytearray()
            self._transport.write(held)

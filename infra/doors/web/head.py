"""HEAD, wherever GET is: the same answer without its body (RFC 9110, section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Stands before an application that knows GET alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; of what GET gets, HEAD gets the head."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def heading(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                # The end comes at once, so that a stream ends as well.
                await send({"type": "http.response.body"})

        await self._app({**scope, "method": "GET"}, receive, heading)

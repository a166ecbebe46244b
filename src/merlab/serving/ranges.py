"""Ranges of a file that cannot be sent: the answer has the form of all errors."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What files answer to a header Range, as plain text: it cannot be read, or it begins after the end of the file.
STATUSES = (400, 416)


class RangeErrors:
    """Gives the refusal of a header ``Range`` a message with the remedy; all other answers pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and replace the answer where it refuses a range."""
        if scope["type"] != "http" or "range" not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        refused: JSONResponse | None = None

        async def send_or_replace(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = _refusal(message)
            if refused is None:
                await send(message)

        await self._app(scope, receive, send_or_replace)
        if refused is not None:
            await refused(scope, receive, send)


def _refusal(start: Message) -> JSONResponse | None:
    """The answer that takes the place of a refused range; None if this answer is another one."""
    headers = Headers(raw=start["headers"])
    if start["status"] not in STATUSES or not headers.get("content-type", "").startswith("text/plain"):
        return None
    size = headers.get("content-range")
    problem = f"begins after the {size.rpartition('/')[2]} bytes of this file" if size else "cannot be read"
    message = f"the header Range {problem}; send one such as bytes=0-99, or leave it out"
    return JSONResponse({"error": message}, start["status"], {"Content-Range": size} if size else None)

"""Checks every request before it is answered, and tells browsers what a page may do."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from merlab.serving.limits import RefusedError

# Requests other than uploads have a few hundred bytes, and arrive at once.
MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0
STOPPED = "the service was stopped before it had this request; send it again when the service runs again"
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
PAGE_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses requests for other hosts (DNS rebinding) and changes by other sites; adds HEADERS to every answer.

    Attributes:
        names: host names of this service. IP addresses are always accepted, because no foreign name can imitate them.
        unbounded: the path of uploads, whose size is limited elsewhere.

    """

    def __init__(self, app: ASGIApp, names: Collection[str], unbounded: str) -> None:
        self._app, self._names, self._unbounded = app, {name.lower() for name in names}, unbounded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with an error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._answer(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            # The server ends. What has begun to be sent is cut off.
            if not started:
                await refusal(RefusedError(503, STOPPED))(scope, receive, send_with_headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope["method"], scope["path"], Headers(scope=scope))
            if scope["method"] in CHANGING and scope["path"] != self._unbounded:
                receive = await _received(receive)
        except RefusedError as refused:
            await refusal(refused)(scope, receive, send)
            return
        # The server leaves out the body of an answer to HEAD, so that HEAD has the headers of GET on every route.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**scope, "method": method}, receive, send)

    def _check(self, method: str, path: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self._is_own(host):
            raise RefusedError(421, "this service answers only at its own address; open the address that it printed")
        if method not in CHANGING:
            return
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if (origin is not None and origin.partition("://")[2] != host) or site not in {"same-origin", "none"}:
            raise RefusedError(403, "pages of other sites may not change anything in this service; use its own page")
        if path == self._unbounded:
            return
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal() or int(length) > MAX_BODY:
            raise RefusedError(
                413, f"the body of this request must state its length, which may be at most {MAX_BODY} bytes"
            )

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self._names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


async def _received(receive: Receive) -> Receive:
    """Receive the whole body, and return it as a function that gives it again; raises RefusedError if it is late."""
    messages = []
    try:
        with anyio.fail_after(BODY_SECONDS):
            while True:
                messages.append(await receive())
                if not messages[-1].get("more_body"):
                    break
    except TimeoutError as error:
        raise RefusedError(
            408, f"the body of the request did not arrive within {BODY_SECONDS:g} s; send it again"
        ) from error

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


def refusal(error: RefusedError) -> JSONResponse:
    """The answer to a request that is refused."""
    return JSONResponse({"error": str(error)}, error.status)

"""Connections of clients: none can keep others out by sending nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Idle connections are closed from this number on, so that only requests in progress count against the limit.
MAX_CONNECTIONS = 100
# From the connection, or from the last answer, to the end of the next request's headers.
HEADER_SECONDS = 10.0


class LimitedConnection(H11Protocol):
    """An HTTP/1.1 connection with limits that uvicorn lacks: a time limit on headers, and room for new connections.

    Where MAX_CONNECTIONS are open, a new one takes the place of the one that has waited longest for headers.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting_since = 0.0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connects."""
        super().connection_made(transport)
        self._wait_for_headers()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed by either side."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """An answer is sent, and the next request may come on the same connection."""
        super().on_response_complete()
        self._wait_for_headers()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress: its headers are not complete."""
        return self.conn.their_state is h11.IDLE

    def _wait_for_headers(self) -> None:
        self._stop_timer()
        self._waiting_since = self.loop.time()
        self._late = self.loop.call_later(HEADER_SECONDS, self._close_if_idle)

    def _stop_timer(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _close_if_idle(self) -> None:
        if self.is_idle and not self.transport.is_closing():
            self.transport.close()

    def _make_room(self) -> None:
        open_ones = [each for each in self.connections if not each.transport.is_closing()]
        idle = [each for each in open_ones if isinstance(each, LimitedConnection) and each is not self and each.is_idle]
        if len(open_ones) >= MAX_CONNECTIONS and idle:
            min(idle, key=lambda each: each._waiting_since).transport.close()

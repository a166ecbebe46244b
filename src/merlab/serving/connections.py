"""Connections of clients: none can keep others out by sending nothing, or by not reading its answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# From this number on, a new connection takes the place of one that waits for its client.
MAX_CONNECTIONS = 100
# From the connection, or from the last answer, to the end of the next request's headers.
HEADER_SECONDS = 10.0


class LimitedConnection(H11Protocol):
    """An HTTP/1.1 connection with limits that uvicorn lacks: a time limit on headers, and room for new connections.

    Where MAX_CONNECTIONS are open, a new one takes the place of the one that has waited longest for headers. Where none
    waits for headers, it takes the place of the one whose client has been silent longest: a client that does not send
    the rest of its request, or does not read its answer.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting_since, self._heard = 0.0, 0.0
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

    def data_received(self, data: bytes) -> None:
        """The client sends something."""
        self._heard = self.loop.time()
        super().data_received(data)

    def pause_writing(self) -> None:
        """The client has not read yet what was sent."""
        self._heard = self.loop.time()
        super().pause_writing()

    def on_response_complete(self) -> None:
        """An answer is sent, and the next request may come on the same connection."""
        super().on_response_complete()
        self._wait_for_headers()

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress: none has begun, its headers are not complete, or it is answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _is_open(self) -> bool:
        """Whether it still counts: a connection that is closed stays until its client has read what was sent."""
        return not self.transport.is_closing() or self.transport.get_write_buffer_size() > 0

    @property
    def _awaits_client(self) -> bool:
        return self.is_idle or self.flow.write_paused or (self.cycle.more_body and not self.flow.read_paused)

    @property
    def _usefulness(self) -> tuple[bool, float]:
        """The connection with the lowest value makes room first."""
        return (False, self._waiting_since) if self.is_idle else (True, self._heard)

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
        open_ones = [each for each in self.connections if isinstance(each, LimitedConnection) and each._is_open]
        waiting = [each for each in open_ones if each is not self and each._awaits_client]
        if len(open_ones) >= MAX_CONNECTIONS and waiting:
            min(waiting, key=lambda each: each._usefulness).transport.abort()

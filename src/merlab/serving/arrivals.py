"""Uploads that arrive at the same time: their number is limited, and the slowest one makes room for a new one."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from merlab.serving.limits import Limits, RefusedError

# An upload that is this far behind the least pace, in seconds, can lose its place.
PATIENCE = 0.5
# How long a new upload waits for a place, and how often it looks for one. Others that wait may take all places that
# slow uploads lose, and those may lose them again.
MOST_WAIT, PAUSE = 3 * PATIENCE, 0.05


class Arrival:
    """An upload that arrives; ``scope`` is what ends when it loses its place."""

    def __init__(self, limits: Limits) -> None:
        self.scope = anyio.CancelScope()
        self._limits = limits
        self._began, self._received = time.monotonic(), 0

    @property
    def behind(self) -> float:
        """How many bytes less have arrived than at the least pace."""
        return self._limits.slowest * (time.monotonic() - self._began) - self._received

    @property
    def is_slow(self) -> bool:
        """Whether it can lose its place."""
        return self.behind > self._limits.slowest * PATIENCE

    def count(self, size: int) -> None:
        """Count bytes that have arrived; raises RefusedError at the end of a period that was below the least pace."""
        self._received += size
        if time.monotonic() - self._began >= self._limits.pace_seconds:
            if self.behind > 0:
                raise too_slow(self._limits)
            self._began, self._received = time.monotonic(), 0


class Arrivals:
    """The places for uploads of a service. All run in its event loop; none holds a thread while its client pauses."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._present: set[Arrival] = set()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Arrival]:
        """A place for an upload.

        Raises RefusedError (429) if none becomes free, and (408) if the upload was so slow that another got its place.
        """
        await self._make_room()
        arrival = Arrival(self._limits)
        self._present.add(arrival)
        try:
            with arrival.scope:
                yield arrival
        finally:
            self._present.discard(arrival)
        if arrival.scope.cancelled_caught:
            raise too_slow(self._limits)

    async def _make_room(self) -> None:
        """Wait until a place is free; where none is, the upload that is farthest behind loses its own."""
        began = time.monotonic()
        while len(self._present) >= self._limits.uploads:
            slowest = max(self._present, key=lambda each: each.behind)
            if slowest.is_slow:
                self._present.discard(slowest)
                slowest.scope.cancel()
            elif time.monotonic() - began > MOST_WAIT:
                raise RefusedError(
                    429,
                    f"this service accepts at most {self._limits.uploads} uploads at the same time, and this number is "
                    "reached; send it again later",
                )
            else:
                await anyio.sleep(PAUSE)


def too_slow(limits: Limits) -> RefusedError:
    """The answer to an upload below the least pace."""
    return RefusedError(
        408,
        f"the upload is slower than the {limits.slowest / 1024:g} KiB/s that this service needs, and would keep "
        "others waiting; send it again over a faster connection",
    )

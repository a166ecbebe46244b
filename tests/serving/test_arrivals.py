"""The pace of uploads, and who makes room where all places are taken."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import anyio
import pytest

from merlab.serving import arrivals
from merlab.serving.arrivals import Arrival, Arrivals
from merlab.serving.limits import Limits, RefusedError

# 100 bytes per second in every 10 s.
LIMITS = Limits(uploads=2, slowest=100.0, pace_seconds=10.0)


async def _arrival() -> Arrival:
    return Arrival(LIMITS)


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """The clock of uploads, which stands still until a test moves it."""
    moved = SimpleNamespace(now=1000.0)
    moved.monotonic = lambda: moved.now
    monkeypatch.setattr(arrivals, "time", moved)
    return moved


def test_an_upload_may_lose_its_place_half_a_second_behind_the_least_pace(clock):
    arrival = asyncio.run(_arrival())
    clock.now += 2
    arrival.count(50)
    arrival.count(100)
    assert (arrival.behind, arrival.is_slow) == (50, False)
    clock.now += 0.01
    assert arrival.is_slow


def test_every_period_must_have_the_least_pace(clock):
    arrival = asyncio.run(_arrival())
    clock.now += 9.9
    arrival.count(1)
    clock.now += 0.1
    arrival.count(999)
    clock.now += 10
    arrival.count(100_000)
    clock.now += 10
    with pytest.raises(RefusedError, match=r"slower than the 0\.0976562 KiB/s that this service needs") as refused:
        arrival.count(999)
    assert refused.value.status == 408


async def arrive(places: Arrivals, log: list[str], name: str, *, size: int, ends: asyncio.Event) -> None:
    """An upload of which so many bytes arrive; its fate is logged."""
    try:
        async with places.place() as arrival:
            arrival.count(size)
            log.append(f"{name} begins")
            await ends.wait()
        log.append(f"{name} ends")
    except RefusedError as refused:
        log.append(f"{name} {refused.status}")


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_slowest_upload_makes_room_for_a_new_one_and_learns_why(clock):
    async def run() -> list[str]:
        places, log, ends = Arrivals(LIMITS), list[str](), asyncio.Event()
        tasks = []
        for name, size in (("faster", 101), ("slower", 100), ("new", 0)):
            tasks.append(asyncio.create_task(arrive(places, log, name, size=size, ends=ends)))
            await settled()
            clock.now += 1.6 * (name == "slower")
        ends.set()
        await asyncio.gather(*tasks)
        return log

    expected = ["faster begins", "slower begins", "new begins", "slower 408", "faster ends", "new ends"]
    assert asyncio.run(run()) == expected


def test_where_no_upload_is_slow_a_new_one_waits_for_a_place_and_is_then_refused(clock, monkeypatch):
    async def wait(_: float) -> None:
        clock.now += 0.4
        await asyncio.sleep(0)

    monkeypatch.setattr(arrivals, "anyio", SimpleNamespace(sleep=wait, CancelScope=anyio.CancelScope))

    async def run() -> list[str]:
        places, log, first, others = Arrivals(LIMITS), list[str](), asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(arrive(places, log, "first", size=10**6, ends=first))]
        tasks += [asyncio.create_task(arrive(places, log, "second", size=10**6, ends=others))]
        await settled()
        await arrive(places, log, "too many", size=0, ends=others)
        waiting = asyncio.create_task(arrive(places, log, "patient", size=10**6, ends=others))
        await asyncio.sleep(0)
        first.set()
        await settled()
        others.set()
        await asyncio.gather(*tasks, waiting)
        return log

    began = clock.now
    expected = ["first begins", "second begins", "too many 429", "first ends", "patient begins", "second ends"]
    assert asyncio.run(run()) == [*expected, "patient ends"]
    assert clock.now - began < 4

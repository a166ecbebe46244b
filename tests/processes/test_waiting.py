"""What waits for worker processes, so that it can be stopped."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any, cast

from merlab.processes import pool
from merlab.processes.pool import Workers


def test_ctrl_c_is_answered_while_work_takes_long(monkeypatch):
    """On Windows, a wait without an end would answer it only when an item is finished, which may take hours."""
    waits: list[float | None] = []

    def waiting(running: Any, timeout: float | None = None, return_when: str = "") -> Any:
        waits.append(timeout)
        return wait_for(running, timeout, return_when)

    monkeypatch.setattr(pool, "wait_for", waiting)
    monkeypatch.setattr(pool, "ATTENTIVE_SECONDS", 0.01)
    with ThreadPoolExecutor(2) as threads:
        done = list(Workers(cast(Any, threads), 2).each(time.sleep, [0.04] * 3))
    assert done == [None] * 3
    assert len(waits) > 3
    assert set(waits) == {0.01}

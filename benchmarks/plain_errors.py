"""How every benchmark runs: what is missing is said in one line with the remedy, as the commands say it."""

from __future__ import annotations

from collections.abc import Callable

from merlab.errors import MerlabError


def run_benchmark(main: Callable[[], None]) -> None:
    """Run a benchmark; an error that the user can solve ends it with its message and status 1."""
    try:
        main()
    except MerlabError as error:
        raise SystemExit(f"error: {error}") from None

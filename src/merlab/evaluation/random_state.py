"""Random numbers of methods that draw them from the global generators: the same for the same seed and fold."""

from __future__ import annotations

import random
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from merlab.errors import place_in_own_code

Given = ParamSpec("Given")
Made = TypeVar("Made")


@contextmanager
def global_random_state(seed: int, fold: str, who: str) -> Iterator[None]:
    """Inside, ``random``, ``numpy.random`` and ``torch`` start from the seed and the fold; afterwards they go on.

    So do the settings of torch, which are the usual ones inside.

    The numbers do not depend on what was done before, nor on how many processes work. One thread at a time is inside.
    Where the code inside makes a generator without a seed, there is a warning of ``who``.
    """
    # Loading it takes seconds, and methods of merlab that import this file do not need it.
    import torch

    from merlab.training.threads import ONE_TRAINS
    from merlab.training.usual_torch import usual_torch

    with ONE_TRAINS, usual_torch():
        of_random, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - this state is what is meant
        # A GPU that is not in use yet has no state to keep, and asking for it would take memory there.
        in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        gpus = list(range(torch.cuda.device_count())) if in_use else []
        drawn = np.random.SeedSequence([seed, *fold.encode()]).generate_state(3)
        with torch.random.fork_rng(devices=gpus):
            random.seed(int(drawn[0]))
            np.random.seed(int(drawn[1]))  # noqa: NPY002
            torch.manual_seed(int(drawn[2]))
            try:
                with _unseeded_generators() as places:
                    yield
            finally:
                random.setstate(of_random)
                np.random.set_state(of_numpy)  # noqa: NPY002
    for place in dict.fromkeys(places):
        warnings.warn(
            f"{who} makes a generator of random numbers without a seed ({place}), so that the same seed gives other "
            "results each time; start it from the seed, or draw from random, numpy.random or torch, which do",
            stacklevel=3,
        )


def from_same_state(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """The same work, for which ``random``, ``numpy.random`` and ``torch`` start each time from their present state."""
    import torch

    of_random, of_numpy, of_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002

    def again(*args: Given.args, **named: Given.kwargs) -> Made:
        random.setstate(of_random)
        np.random.set_state(of_numpy)  # noqa: NPY002
        torch.set_rng_state(of_torch)
        return work(*args, **named)

    return again


class _Watch:
    """Where code that is not of a library starts a generator without a seed in this thread.

    To ask a method twice would not show it: one that keeps a seeded generator differs too, and one that draws in its
    fit does not.
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        self._thread = threading.get_ident()
        self._unseeded: dict[int, tuple[str, weakref.ref[random.Random]]] = {}

    def note(self, seed: Any, frame: FrameType | None) -> str:
        """Keep the place of ``frame`` where the seed is None, and return it; empty where there is nothing to keep."""
        # random.Random starts itself.
        frame = frame.f_back if frame and frame.f_globals.get("__name__") == random.__name__ else frame
        if seed is None and frame and threading.get_ident() == self._thread:
            place = place_in_own_code(frame)
            self.places.extend([place] if place else [])
            return place
        return ""

    def over(self, start: Callable[Given, Made]) -> Callable[Given, Made]:
        """The same function, whose seed is its first argument."""

        def watched(*args: Given.args, **named: Given.kwargs) -> Made:
            self.note(next(iter([*args, *named.values()]), None), sys._getframe(1))
            return start(*args, **named)

        return watched

    def over_method(self, start: Callable[..., Made]) -> Callable[..., Made]:
        """The same method of ``random.Random``, which starts from its first argument; the last start counts."""

        def watched(generator: random.Random, *args: Any, **named: Any) -> Made:
            place, unseeded = self._unseeded.pop(id(generator), ("", None))
            if unseeded is not None and unseeded() is generator:
                self.places.remove(place)
            if place := self.note(next(iter([*args, *named.values()]), None), sys._getframe(1)):
                self._unseeded[id(generator)] = place, weakref.ref(generator)
            return start(generator, *args, **named)

        return watched

    def over_type(self, kind: type) -> type:
        """What makes objects of a type in its place; it is compared with them, and has subclasses, as the type has."""

        class Watched(type(kind)):  # type: ignore[misc]  # inside of another watch, it is not plain
            def __call__(cls, *args: Any, **named: Any) -> Any:
                if cls is not watched:
                    return super().__call__(*args, **named)
                watch.note(next(iter([*args, *named.values()]), None), sys._getframe(1))
                return kind(*args, **named)

            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, kind) if cls is watched else super().__instancecheck__(instance)

        watch = self
        # pickle looks the type up by its name, where it takes the place of the other.
        watched = Watched(kind.__name__, (kind,), {"__module__": np.random.__name__})
        return watched


@contextmanager
def _unseeded_generators() -> Iterator[list[str]]:
    """Where own code starts a generator without a seed in this thread, inside: see ``_Watch``."""
    watch = _Watch()
    replaced: list[tuple[Any, str, Any]] = [
        (np.random, "default_rng", watch.over(np.random.default_rng)),
        (np.random, "seed", watch.over(np.random.seed)),
        (np.random, "RandomState", watch.over_type(np.random.RandomState)),
        (random, "seed", watch.over(random.seed)),
        (random.Random, "seed", watch.over_method(random.Random.seed)),
        (random.Random, "setstate", watch.over_method(random.Random.setstate)),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    for owner, name, value in replaced:
        setattr(owner, name, value)
    try:
        yield watch.places
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)

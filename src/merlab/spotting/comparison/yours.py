"""Spotting methods of your own: any function or object that gives intervals for a recording."""

from __future__ import annotations

import copy
import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cloudpickle
import numpy as np

from merlab.databases.long_video import Kind
from merlab.errors import MerlabError, naming_mistakes, place_of
from merlab.evaluation.kept_state import watched
from merlab.evaluation.random_state import global_random_state
from merlab.fingerprint import fingerprint
from merlab.given import is_number, is_whole
from merlab.outputs.kept_arrays import Array
from merlab.spotting.comparison.found import KINDS, Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.recording import OwnFeature, Recording
from merlab.spotting.comparison.spotter import Target

INTERVAL = "(onset, apex, offset, score, kind)"
WHAT_A_SPOTTER_IS = (
    "a spotting method is the name of one, FILE.py:NAME, a function of a recording, or an object (or class) with "
    f"spot(recording), which gives intervals {INTERVAL}"
)
# A name is that of a folder, beside others of the comparison.
NAME = re.compile(r"(?!features$)[\w-]+")


@dataclass(frozen=True, eq=False)
class YourSpotter:
    """A spotting method of your own under the protocol of Spotter.

    ``given`` is a function ``spot(recording)``, or an object or class with this function. It may also have
    ``fit(recordings)``, which may have a parameter ``seed``, and ``measure(recording)``. A class is called without
    arguments and an object is copied for each fold; ``measure`` gets a new one for each recording, so that nothing that
    it saw of a tested recording reaches ``fit``.
    """

    name: str
    given: Any
    origin: str = ""
    places: bool = False
    sees_frames: bool = True

    @property
    def title(self) -> str:
        """The first line of its docstring."""
        written = inspect.getdoc(self.given) if callable(self.given) else type(self.given).__doc__
        return (written or "").strip().partition("\n")[0] or f"your own{self.origin and f', {self.origin}'}"

    @property
    def paper(self) -> str:
        """Its attribute ``paper``."""
        stated = getattr(self.given, "paper", "")
        return stated if isinstance(stated, str) else ""

    @property
    def fits(self) -> str:
        """What is fitted is known to ``fit`` only."""
        return "by its function fit" if self.needs_training else ""

    @property
    def needs_training(self) -> bool:
        """Whether it has ``fit``."""
        return callable(getattr(self.given, "fit", None))

    @cached_property
    def code(self) -> str:
        """The fingerprint of its code and state."""
        with self.naming("reading its code"):
            return fingerprint(self.given)

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """One run finds all kinds."""
        return wanted[:1]

    def features(self, target: Target, rate: float) -> Sequence[OwnFeature]:
        """What ``measure`` returns, if there is one."""
        return [self.feature] if self.feature else []

    @property
    def feature(self) -> OwnFeature | None:
        """What ``measure`` returns; None for a method without it."""
        measures = callable(getattr(self.given, "measure", None))
        return OwnFeature(self.name, self.code, self.measure) if measures else None

    def least_samples(self, target: Target, rate: float) -> int:
        """Any number."""
        return 1

    def measure(self, recording: Recording) -> Array:
        """What ``measure`` of the method returns; raises MerlabError for anything but an array of numbers."""
        with self.naming("measure", recording.name):
            values = self.made().measure(recording)
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
            raise MerlabError(
                f"{self}: measure({recording.name}) must return a numpy array of numbers, got {_shown(values)}"
            )
        return values

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> YourFitted:
        """Fit a new object to the training recordings, if it has ``fit``."""
        with self.naming("making it", seed=seed):
            model = self.made()
        if self.needs_training:
            recordings = [self.recording(each, truth=True) for each in training]
            with watched(str(self), lambda: fingerprint(self.given), stacklevel=4), self.naming("fit", seed=seed):
                seeded = {"seed": seed} if "seed" in inspect.signature(model.fit).parameters else {}
                model.fit(recordings, **seeded)
        return YourFitted(self, model, seed, len(training))

    def recording(self, material: MeasuredRecording, *, truth: bool) -> Recording:
        """A recording as the method sees it."""
        return material.recording(self.feature.key if self.feature else None, truth=truth)

    def made(self) -> Any:
        """A new object of a class, a copy of an object."""
        if isinstance(self.given, type):
            return self.given()
        try:
            return copy.deepcopy(self.given)
        except Exception as error:
            raise MerlabError(
                f"{self} cannot be copied ({error}), and every fold gets a copy of it; give the class instead"
            ) from error

    @contextmanager
    def naming(self, step: str, recording: str = "", seed: int = 0) -> Iterator[None]:
        """Name errors in the code inside by method and step; random numbers depend on the seed and these only."""
        of = f"{step}({recording})" if recording else step
        try:
            with naming_mistakes(f"{self}: {of}", own=True), global_random_state(seed, ascii(of), str(self)):
                yield
        except MerlabError as error:
            if str(error).startswith(str(self)):
                raise
            raise MerlabError(f"{self}: {of}: {error} ({place_of(error)})") from error

    def __str__(self) -> str:
        return f"spotting method {self.name}"

    def __reduce__(self) -> tuple[Callable[..., YourSpotter], tuple[object, ...]]:
        """How it travels to worker processes, also from a notebook or from a file that they do not know."""
        # It imports all methods of recognition.
        from merlab.evaluation.transport import as_bytes

        try:
            content = as_bytes(self.given)
        except Exception as error:
            raise MerlabError(
                f"{self} cannot be sent to worker processes: {error}; keep open files, locks and threads out of it, or "
                "use one process (jobs=1, --jobs 1)"
            ) from error
        return _arrived, (self.name, content, self.origin, self.code)


@dataclass(frozen=True, eq=False)
class YourFitted:
    """A method of your own after its fit."""

    spotter: YourSpotter
    model: Any
    seed: int
    recordings: int

    @property
    def facts(self) -> Mapping[str, float]:
        """How many recordings it was fitted to."""
        return {"recordings": self.recordings} if self.spotter.needs_training else {}

    def with_p(self, p: float) -> YourFitted:
        """Raises MerlabError: merlab knows no threshold of it."""
        raise MerlabError(f"{self.spotter} is your own, and its threshold too; leave p out, and set it there")

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The intervals that it spots; raises MerlabError for what is no interval of the recording."""
        recording = self.spotter.recording(material, truth=False)
        with self.spotter.naming("spot", recording.name, self.seed):
            answer = getattr(self.model, "spot", self.model)(recording)
            rows = list(answer) if isinstance(answer, Iterable) else answer
        if not isinstance(rows, list):
            raise MerlabError(
                f"{self.spotter}: spot({recording.name}) must return a list of intervals {INTERVAL}, got {_shown(rows)}"
            )
        found = [
            checked_interval(row, recording, f"{self.spotter}: spot({recording.name}) gave {row!r}") for row in rows
        ]
        return sorted(found, key=lambda each: (each.onset, each.offset))


def checked_interval(row: object, recording: Recording, given: str) -> Found:
    """One interval of an answer; raises MerlabError that begins with ``given`` for what is none."""
    if not isinstance(row, Sequence | np.ndarray) or isinstance(row, str) or len(row) != 5:
        raise MerlabError(f"{given}; an interval has five values, {INTERVAL}")
    onset, apex, offset, score, kind = row
    for name, value in (("onset", onset), ("apex", apex), ("offset", offset)):
        if not is_whole(value):
            raise MerlabError(f"{given}, whose {name} {value!r} is not a whole frame number, such as 12")
    last = recording.first + recording.frames - 1
    if not (recording.first <= onset and offset <= last):
        raise MerlabError(f"{given}, but the frames of the recording have the numbers {recording.first} to {last}")
    if onset > offset:
        raise MerlabError(f"{given}, whose onset is after its offset")
    if not onset <= apex <= offset:
        raise MerlabError(f"{given}, whose apex is not between its onset and its offset")
    if not is_number(score) or not math.isfinite(score):
        raise MerlabError(f"{given}, whose score {score!r} is not a finite number")
    if not isinstance(kind, str) or kind not in KINDS:
        raise MerlabError(f"{given}, whose kind {kind!r} is none of {', '.join(KINDS)}")
    return Found(int(onset), int(apex), int(offset), float(score), KINDS[KINDS.index(kind)])


def your_spotter(given: object, name: str | None = None, origin: str = "") -> YourSpotter:
    """A method of your own from a function, an object or a class.

    Unless ``name`` is given, its attribute ``name`` is its name, else that of the class or function.

    Raises MerlabError for anything else, and for a name that cannot be that of a folder.
    """
    spots = callable(getattr(given, "spot", None))
    if not spots and (not callable(given) or isinstance(given, type)):
        raise MerlabError(f"{_shown(given)} is not a spotting method; {WHAT_A_SPOTTER_IS}")
    stated = name or getattr(given, "name", None) or getattr(given, "__name__", type(given).__name__)
    if not isinstance(stated, str) or not NAME.fullmatch(stated):
        raise MerlabError(
            f"the name of a spotting method is {stated!r}; it must have letters, digits, - and _ only, and not be "
            "features; correct its attribute name"
        )
    return YourSpotter(stated, given, origin)


def _arrived(name: str, content: bytes, origin: str, code: str) -> YourSpotter:
    """The method in a worker process; its code has the fingerprint of the process that sent it."""
    spotter = YourSpotter(name, cloudpickle.loads(content), origin)
    vars(spotter)["code"] = code
    return spotter


def _shown(value: object) -> str:
    """A value for messages, not longer than a line."""
    text = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"

"""Two guesses that see no frame: what a score is worth without looking at the face."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from merlab.databases.long_video import Kind
from merlab.errors import MerlabError
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Target

# Without training recordings.
USUAL_EVENTS_A_MINUTE = 2.0


@dataclass(frozen=True)
class Habit:
    """How often events of a kind occur in training, events a minute, and how long they last, s."""

    kind: Kind
    a_minute: float
    durations: tuple[float, ...]

    @property
    def facts(self) -> Mapping[str, float]:
        """The rate and the mean duration."""
        return {"events_a_minute": round(self.a_minute, 4), "seconds": round(float(np.mean(self.durations)), 4)}


Intervals = Callable[[Habit, float, np.random.Generator], list[tuple[float, float]]]


@dataclass(frozen=True)
class Guess:
    """A guess: from what is usual in training to (onset, offset) in s, in a recording of some seconds."""

    name: str
    title: str
    intervals: Intervals
    paper: str = ""
    fits: str = "rate, durations"
    needs_training: bool = False
    places: bool = False
    sees_frames: bool = False

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """All, each with its own rate."""
        return wanted

    def features(self, target: Target, rate: float) -> Sequence[Feature]:
        """None."""
        return []

    def least_samples(self, target: Target, rate: float) -> int:
        """Any number."""
        return 1

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> FittedGuess:
        """The rate and the durations of the training events."""
        durations = tuple(
            (event.offset - event.onset) / each.video.fps
            for each in training
            for event in each.video.events
            if event.kind == target.kind
        )
        minutes = sum(each.video.seconds for each in training) / 60
        rate = len(durations) / minutes if minutes else USUAL_EVENTS_A_MINUTE
        return FittedGuess(self, Habit(target.kind, rate, durations or (target.mean_seconds,)), seed)


@dataclass(frozen=True)
class FittedGuess:
    """A guess with what is usual."""

    guess: Guess
    habit: Habit
    seed: int

    @property
    def facts(self) -> Mapping[str, float]:
        """The rate and the mean duration."""
        return self.habit.facts

    def with_p(self, p: float) -> FittedGuess:
        """Raises MerlabError: a guess has no threshold."""
        raise MerlabError(f"{self.guess.name} has no threshold; leave p out")

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The guessed intervals; random ones depend on the name of the recording and the seed only."""
        name = f"{self.seed} {self.habit.kind} {material.video.name}".encode("utf-8", "surrogateescape")
        random = np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:8], "big"))
        fps, last = material.video.fps, material.first + material.frames - 1
        found = []
        for begin, end in sorted(self.guess.intervals(self.habit, material.frames / fps, random)):
            onset, apex, offset = (
                min(last, material.first + round(moment * fps)) for moment in (begin, (begin + end) / 2, end)
            )
            found.append(Found(onset, apex, offset, 0.0, self.habit.kind))
        return list(dict.fromkeys(found))


def at_random(habit: Habit, seconds: float, random: np.random.Generator) -> list[tuple[float, float]]:
    """Intervals anywhere, each with the duration of a training event; as many as usual on average (Poisson)."""
    durations = random.choice(habit.durations, random.poisson(habit.a_minute * seconds / 60))
    begins = random.uniform(0, np.maximum(seconds - durations, 0))
    return list(zip(begins.tolist(), (begins + durations).tolist(), strict=True))


def evenly(habit: Habit, seconds: float, random: np.random.Generator) -> list[tuple[float, float]]:
    """As many intervals as usual, of the mean duration, at equal distances."""
    count, duration = int(habit.a_minute * seconds / 60 + 0.5), float(np.mean(habit.durations))
    middles = (np.arange(count) + 0.5) * seconds / max(1, count)
    begins = np.maximum(middles - duration / 2, 0)
    return list(zip(begins.tolist(), (begins + duration).tolist(), strict=True))


GUESS_RANDOM = Guess("guess-random", "as many intervals as in training, at random", at_random)
GUESS_EVEN = Guess("guess-even", "as many intervals as in training, at equal distances", evenly)

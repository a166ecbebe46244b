"""Whether the class of a movement may be named: only where everything that it rests on can be relied on.

Each test has a limit in ``WordSettings``, with its reason. What a test needs and does not know (the pose of faces that
were aligned elsewhere, the mesh where there are only five points) is NaN and passes; the metadata's warnings state it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np

from merlab.faces.geometry import Transform
from merlab.faces.quality import LARGEST_ROLL, LEAST_COVERAGE, LEAST_PUPIL_DISTANCE
from merlab.given import naming_fields, require_number
from merlab.registry import look_up
from merlab.spotting.event import PART_OF_LONGER, REPEATED, TOO_LARGE, MovementKind
from merlab.videos.class_units import is_supported
from merlab.videos.moved import PartMovement, UnitStrength
from merlab.vocabulary import WITHHELD_REASONS, WithheldReason


@naming_fields(module=__name__)
@dataclass(frozen=True)
class WordSettings:
    """The limits within which a class is named. Raises MerlabError for values below 0.

    Attributes:
        longest: s, the longest micro-expression (Yan et al. 2013).
        timing_error: s, added to it, as is one step from frame to frame: the largest excess of a spotted duration over
            the true one on synthetic recordings of twelve people (``benchmarks/words.py``).
        largest_px: mean displacement of the part of the face that moves most, px of the 231 x 282 layout; largest of
            all synthetic micro-expressions is 4.0; in faces that talk and laugh it is often 5 to 20.
        least_fps: frames per second; the shortest rise of a micro-expression, 65 ms (Yan et al. 2013), then has three.
        most_head: how far the head moves between onset and apex, relative to the largest displacement of the face.
        least_head: px of the layout, below which the head may move more than the face: it is followed to 0.1 px. On
            synthetic recordings it is at most 0.7 in such micro-expressions, and about 3 or more in nods.
        largest_roll: degrees of the line between the eyes from horizontal.
        largest_turn: how far the tip of the nose is from the midline, px of the layout; about 20 degrees of yaw.
        least_pupils: px of the frame between the eyes; half of that on the layout.
        least_coverage: the share of the layout that is inside the frame.
        largest_misfit: root mean square change of the mesh from the face's own shape of the last second, px of the
            layout, in any frame from onset to offset. It is at most 2.3 on synthetic ones, and 5 where a hand passes.
        largest_change: how much brighter or darker a block of the face gets from onset to apex after its movement is
            undone, natural logarithm. It is at most 0.05 on those recordings, and 0.3 where a hand passes.

    """

    longest: float = 0.5
    timing_error: float = 0.12
    largest_px: float = 5.0
    least_fps: float = 50.0
    most_head: float = 1.0
    least_head: float = 2.0
    largest_roll: float = LARGEST_ROLL
    largest_turn: float = 25.0
    least_pupils: float = LEAST_PUPIL_DISTANCE
    least_coverage: float = LEAST_COVERAGE
    largest_misfit: float = 3.0
    largest_change: float = 0.15

    def __post_init__(self) -> None:
        for field in fields(self):
            require_number(getattr(self, field.name), f"{field.name} of words", 0)

    def longest_spotted(self, fps: float) -> float:
        """The longest duration that spotting may give to a micro-expression at this frame rate, s."""
        return self.longest + self.timing_error + 1 / fps


def word_settings(changed: Mapping[str, float]) -> WordSettings:
    """The default limits with some changed, such as ``{"largest_px": 4}``.

    Raises MerlabError for a limit that does not exist, or a value below 0.
    """
    for name in changed:
        look_up(name, asdict(WordSettings()), "limit")
    return replace(WordSettings(), **changed)


@dataclass(frozen=True)
class FaceState:
    """A face from the onset to the offset of a movement; NaN where something is not known.

    Attributes:
        roll: the largest turn of the line between the eyes, degrees from horizontal.
        turn: the largest distance of the tip of the nose from the midline, px of the layout.
        pupils: the smallest distance between the centers of the eyes, px of the frame.
        coverage: the smallest share of the layout that is inside the frame, 0..1.
        misfit: the largest, as in MeshFacts.
        aligned: the map of the aligned apex to the aligned onset that undoes what the alignment did between the two,
            on the layout; None if it is not known.

    """

    roll: float = np.nan
    turn: float = np.nan
    pupils: float = np.nan
    coverage: float = np.nan
    misfit: float = np.nan
    aligned: Transform | None = None

    def is_turned(self, limits: WordSettings) -> bool:
        """Whether the face looks to the side."""
        return self.turn > limits.largest_turn

    def is_distorted(self, limits: WordSettings) -> bool:
        """Whether the mesh changes more than muscles change it."""
        return self.misfit > limits.largest_misfit


@dataclass(frozen=True)
class Claim:
    """A class that the recognizer gives to a movement, with everything that the tests look at.

    Attributes:
        scheme, label, probability: the label scheme of the recognizer, its most probable class, its probability.
        units, parts: what moved, as in Evidence.
        seconds: from onset to offset.
        fps: frames per second.
        largest: the largest displacement of the face, px of the layout.
        head: the movement of the head from onset to apex, mean px of the layout.
        change: as ``largest_change`` of WordSettings.
        face: the face in the frames of the movement.
        why_other: as in SpottedEvent.
        rate: frames per second of the movement, as in SeenEvent.

    """

    scheme: str
    label: str
    probability: float
    units: Sequence[UnitStrength]
    parts: Sequence[PartMovement]
    seconds: float
    fps: float
    largest: float
    head: float
    change: float
    face: FaceState
    why_other: str = ""
    rate: float = math.inf


def reasons_to_withhold(claim: Claim, unsure_below: float, limits: WordSettings) -> tuple[WithheldReason, ...]:
    """Every reason why the class is not named, in the order of WITHHELD_REASONS; empty where it is named."""
    face = claim.face
    fails: dict[WithheldReason, bool] = {
        "probability too low": claim.probability < unsure_below,
        "no supporting action unit": not is_supported(claim.scheme, claim.label, claim.units, claim.parts),
        "movement too large": claim.why_other == TOO_LARGE
        or max((part.px for part in claim.parts), default=0.0) > limits.largest_px,
        "movement too long": claim.seconds > limits.longest_spotted(claim.fps),
        "movement repeats": claim.why_other == REPEATED,
        "part of a longer movement": claim.why_other == PART_OF_LONGER,
        "too few frames per second": min(claim.fps, claim.rate) < limits.least_fps,
        "head moves more than the face": claim.head > max(limits.least_head, limits.most_head * claim.largest),
        "face not upright": face.roll > limits.largest_roll,
        "face turned away": face.is_turned(limits),
        "face too small": face.pupils < limits.least_pupils,
        "face cut off": face.coverage < limits.least_coverage,
        "face covered or distorted": face.is_distorted(limits) or claim.change > limits.largest_change,
    }
    return tuple(reason for reason in WITHHELD_REASONS if fails[reason])


# What shows that a movement is no expression, and beside these, that it is no micro-expression.
NO_EXPRESSION: tuple[WithheldReason, ...] = (
    "head moves more than the face",
    "face turned away",
    "face covered or distorted",
)
NO_MICRO_EXPRESSION: tuple[WithheldReason, ...] = ("movement too large", *NO_EXPRESSION)


def reasons_for_other(kind: MovementKind, reasons: Iterable[WithheldReason]) -> tuple[WithheldReason, ...]:
    """The reasons, of ``reasons_to_withhold``, that show that a movement is not of this kind, but another one."""
    return tuple(reason for reason in reasons if reason in (NO_EXPRESSION if kind == "macro" else NO_MICRO_EXPRESSION))


def reasons_by_mesh(face: FaceState, limits: WordSettings) -> tuple[WithheldReason, ...]:
    """Those of the reasons that the landmarks alone tell, without the pictures of a movement."""
    fails: dict[WithheldReason, bool] = {
        "face turned away": face.is_turned(limits),
        "face covered or distorted": face.is_distorted(limits),
    }
    return tuple(reason for reason, failed in fails.items() if failed)


def sentence_of(reason: WithheldReason, unsure_below: float, fps: float, limits: WordSettings) -> str:
    """A reason as a plain sentence, with its limit."""
    sentences: dict[WithheldReason, str] = {
        "probability too low": f"No class has a probability of {unsure_below:g} or more.",
        "no supporting action unit": "No action unit, and no movement of a part of the face, goes with the most "
        "probable class.",
        "movement too large": f"A part of the face moves by more than {limits.largest_px:g} px, farther than in a "
        "micro-expression.",
        "movement too long": f"The movement lasts longer than {limits.longest_spotted(fps):.2f} s, longer than a "
        "micro-expression.",
        "movement repeats": "Several movements follow each other with short pauses, as in speech or chewing.",
        "part of a longer movement": "It is a step in the rise or fall of a longer movement of the same half of the "
        "face.",
        "too few frames per second": f"The video has fewer than {limits.least_fps:g} frames per second, repeated "
        "ones aside, too few for so brief a movement.",
        "head moves more than the face": "Between onset and apex the head moves more than the face.",
        "face not upright": f"The face is turned by more than {limits.largest_roll:g} degrees from upright.",
        "face turned away": "The face looks to the side.",
        "face too small": f"The eyes are less than {limits.least_pupils:g} px apart in the video.",
        "face cut off": "The face is partly outside the frame.",
        "face covered or distorted": "The face mesh or the picture of the face changes more than muscles change it: a "
        "hand may cover the face, or the head turns.",
    }
    return sentences[reason]

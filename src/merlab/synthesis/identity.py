"""The identity of a synthetic subject: the proportions, looks and habits that are the same in all its clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from merlab.frames import Float32Array
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.canvas_layout import MIDLINE, SIDES, Point, Stream, outward, random_stream

CLIPPED_AT = 2.2
ASYMMETRY_SIGMA = 0.84
AU_GAIN_SIGMA = 0.18
LATERALITY_SIGMA, LATERALITY_LIMIT = 0.15, 0.4
EXPRESSIVITY_SIGMA = 0.2
GLASSES_PROBABILITY, FRINGE_PROBABILITY, BEARD_PROBABILITY = 0.2, 0.25, 0.5

ASYMMETRIC_GROUPS = ("eye", "brow", "nose", "mouth", "cheek")

Normal = Callable[[float, float], float]


@dataclass(frozen=True)
class Shape:
    """Proportions of a face in crop pixels; offsets are measured from the midline, heights from the crop's top."""

    eye_offset: float
    eye_y: float
    eye_half_width: float
    eye_height: float
    eye_tilt: float
    brow_height: float
    brow_arch: float
    brow_thickness: float
    brow_inner: float
    brow_outer: float
    nose_half_width: float
    nose_y: float
    nose_relief: float
    mouth_y: float
    mouth_half_width: float
    upper_lip: float
    lower_lip: float
    chin_y: float
    face_half_width: float
    jaw: float
    hairline_y: float


# Mean and standard deviation of each proportion; the means are those of CASME II's crops (eyes at y 73, 61.5 px from
# the midline, mouth at y 190, chin at y 277).
SHAPE_DISTRIBUTION: dict[str, tuple[float, float]] = {
    "eye_offset": (61.5, 2.6),
    "eye_y": (73, 2.5),
    "eye_half_width": (27, 1.8),
    "eye_height": (7.8, 1.3),
    "eye_tilt": (-0.05, 0.05),
    "brow_height": (37, 3.5),
    "brow_arch": (6, 2.5),
    "brow_thickness": (5.2, 1.2),
    "brow_inner": (24, 3),
    "brow_outer": (97, 4),
    "nose_half_width": (33, 3),
    "nose_y": (141, 4.5),
    "nose_relief": (1, 0.18),
    "mouth_y": (190, 4.5),
    "mouth_half_width": (49, 4.2),
    "upper_lip": (10.5, 2.4),
    "lower_lip": (14.5, 2.6),
    "chin_y": (277, 5),
    "face_half_width": (142, 6),
    "jaw": (0.72, 0.22),
    "hairline_y": (-58, 14),
}


@dataclass(frozen=True)
class Appearance:
    """Looks of a face: fractions in 0..1 such as melanin and age, and factors around 1 such as exposure."""

    melanin: float
    ruddiness: float
    roughness: float
    age: float
    iris: float
    beard: float
    glasses: bool
    fringe: bool
    brow_density: float
    hair_lightness: float
    lip_redness: float
    light_x: float
    light_y: float
    exposure: float


@dataclass(frozen=True)
class LidMargins:
    """The y (px) of the upper lid's margin, of the lower lid's margin, and of the crease above, at some columns."""

    upper: Float32Array
    lower: Float32Array
    crease: Float32Array


@dataclass(frozen=True)
class Identity:
    """One synthetic subject.

    Attributes:
        seed, subject: the key of the random streams of the subject.
        au_gain: factor for the intensity of each action unit, exp(N(0, 0.18)).
        laterality: the habit to move the left side more (positive) or the right side more (negative), N(0, 0.15).
        expressivity: factor for every intensity, exp(N(0, 0.2)).
        asymmetry: shift (dx, dy), px, of each group of landmarks on each side.

    """

    seed: int
    subject: int
    shape: Shape
    appearance: Appearance
    au_gain: dict[int, float]
    laterality: float
    expressivity: float
    asymmetry: dict[str, Point]

    @cached_property
    def landmarks(self) -> dict[str, Point]:
        """Name -> point of the face at rest, crop coordinates; ``_l`` is the subject's left, the image's right."""
        paired = {
            f"{name}_{side}": self._mirrored(offset, y, group, side)
            for name, (offset, y, group) in _paired_landmarks(self.shape).items()
            for side in SIDES
        }
        return paired | {name: (MIDLINE, y) for name, y in _midline_landmarks(self.shape).items()}

    def eyelids(self, side: str, x: NDArray[np.floating]) -> LidMargins:
        """The margins of the lids, and the crease, at columns ``x``; the margins meet at the corners of the eye."""
        center_x, center_y = self.landmarks[f"eye_{side}"]
        direction, height = outward(side), self.shape.eye_height
        offset = np.asarray(x, np.float32) - np.float32(center_x)
        along = np.clip(offset / np.float32(self.shape.eye_half_width), -1, 1)
        opening = np.sqrt(1 - np.abs(along) ** np.float32(2.3))
        base = center_y + self.shape.eye_tilt * direction * offset
        upper = base - 1.18 * height * opening * (1 - 0.16 * direction * along)
        lower = base + 0.78 * height * opening * (1 + 0.10 * direction * along)
        return LidMargins(upper, lower, upper - (3 + 4 * opening))

    def lip_line(self, x: NDArray[np.floating]) -> Float32Array:
        """The y of the line where the closed lips meet, at columns ``x``."""
        (right_x, right_y), (left_x, left_y) = self.landmarks["mouth_corner_r"], self.landmarks["mouth_corner_l"]
        along = (np.asarray(x, np.float32) - np.float32(right_x)) / np.float32(left_x - right_x)
        straight = right_y + (left_y - right_y) * np.clip(along, -0.15, 1.15)
        across = np.clip(2 * along - 1, -1.3, 1.3)
        cupid = 1.2 * np.exp(-0.5 * (across / 0.35) ** 2)
        return np.asarray(straight - cupid + 0.8 * np.cos(6 * across) * np.exp(-across * across), np.float32)

    def _mirrored(self, offset: float, y: float, group: str, side: str) -> Point:
        shift_x, shift_y = self.asymmetry[f"{group}_{side}"]
        return MIDLINE + outward(side) * offset + shift_x, y + shift_y


def _paired_landmarks(shape: Shape) -> dict[str, tuple[float, float, str]]:
    """Name -> (distance from the midline, y, the group that gives its asymmetry)."""
    brow_y = shape.eye_y - shape.brow_height
    return {
        "eye": (shape.eye_offset, shape.eye_y, "eye"),
        "eye_outer": (shape.eye_offset + shape.eye_half_width, shape.eye_y, "eye"),
        "eye_inner": (shape.eye_offset - shape.eye_half_width, shape.eye_y + 1, "eye"),
        "brow_inner": (shape.brow_inner, brow_y + 3, "brow"),
        "brow_middle": (shape.eye_offset, brow_y - shape.brow_arch, "brow"),
        "brow_outer": (shape.brow_outer, brow_y + 4, "brow"),
        "ala": (shape.nose_half_width, shape.nose_y, "nose"),
        "nostril": (0.42 * shape.nose_half_width, shape.nose_y + 9, "nose"),
        "mouth_corner": (shape.mouth_half_width, shape.mouth_y, "mouth"),
        "cheek": (77, (shape.eye_y + shape.mouth_y) / 2 - 6, "cheek"),
        "nasolabial": (53, (shape.nose_y + shape.mouth_y) / 2, "cheek"),
        "jaw": (70, shape.mouth_y + 34, "cheek"),
    }


def _midline_landmarks(shape: Shape) -> dict[str, float]:
    return {
        "glabella": shape.eye_y - shape.brow_height + 4,
        "nose_root": shape.eye_y + 4,
        "nose_tip": shape.nose_y - 2,
        "subnasal": shape.nose_y + 13,
        "upper_lip": shape.mouth_y - 0.6 * shape.upper_lip,
        "lower_lip": shape.mouth_y + 0.6 * shape.lower_lip,
        "chin_boss": shape.chin_y - 27,
        "chin": shape.chin_y,
    }


def sample_identity(seed: int, subject: int) -> Identity:
    """The identity of ``subject`` (from 0 up) under ``seed``."""
    rng = random_stream(seed, Stream.IDENTITY, subject)

    def normal(mean: float, sigma: float) -> float:
        return mean + float(np.clip(rng.normal(), -CLIPPED_AT, CLIPPED_AT)) * sigma

    shape = Shape(**{field.name: normal(*SHAPE_DISTRIBUTION[field.name]) for field in fields(Shape)})
    return Identity(
        seed=seed,
        subject=subject,
        shape=shape,
        appearance=_sample_appearance(rng, normal),
        au_gain={number: float(np.exp(rng.normal(0, AU_GAIN_SIGMA))) for number in ACTION_UNITS},
        laterality=float(np.clip(rng.normal(0, LATERALITY_SIGMA), -LATERALITY_LIMIT, LATERALITY_LIMIT)),
        expressivity=float(np.exp(rng.normal(0, EXPRESSIVITY_SIGMA))),
        asymmetry={
            f"{group}_{side}": (normal(0, ASYMMETRY_SIGMA), normal(0, ASYMMETRY_SIGMA))
            for group in ASYMMETRIC_GROUPS
            for side in SIDES
        },
    )


def mean_identity() -> Identity:
    """A head of average proportions, without asymmetry, glasses or habits; it does not depend on a seed."""
    shape = Shape(**{name: mean for name, (mean, _) in SHAPE_DISTRIBUTION.items()})
    appearance = Appearance(
        melanin=0.3,
        ruddiness=0,
        roughness=1,
        age=0.3,
        iris=0.5,
        beard=0,
        glasses=False,
        fringe=False,
        brow_density=0.7,
        hair_lightness=0.15,
        lip_redness=0.5,
        light_x=0,
        light_y=-0.45,
        exposure=1,
    )
    return Identity(
        seed=0,
        subject=0,
        shape=shape,
        appearance=appearance,
        au_gain=dict.fromkeys(ACTION_UNITS, 1.0),
        laterality=0,
        expressivity=1,
        asymmetry={f"{group}_{side}": (0.0, 0.0) for group in ASYMMETRIC_GROUPS for side in SIDES},
    )


def _sample_appearance(rng: np.random.Generator, normal: Normal) -> Appearance:
    bearded = rng.random() < BEARD_PROBABILITY
    return Appearance(
        melanin=float(np.clip(rng.beta(1.3, 2.6), 0.02, 0.95)),
        ruddiness=normal(0, 0.25),
        roughness=float(rng.uniform(0.6, 1.5)),
        age=float(rng.uniform(0, 1)),
        iris=float(rng.uniform(0, 1)),
        beard=float(np.clip(rng.normal(-0.2, 0.5), 0, 1)) if bearded else 0.0,
        glasses=bool(rng.random() < GLASSES_PROBABILITY),
        fringe=bool(rng.random() < FRINGE_PROBABILITY),
        brow_density=0.55 + abs(normal(0, 0.18)),
        hair_lightness=float(rng.uniform(0.05, 0.3)),
        lip_redness=normal(0.5, 0.25),
        light_x=normal(0, 0.25),
        light_y=normal(-0.45, 0.12),
        exposure=normal(1, 0.1),
    )

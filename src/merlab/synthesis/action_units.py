"""The tables of the generator: the effect of each action unit on a face, and the action units of each emotion.

Motions, lids and wrinkles follow the descriptions of the units in the Facial Action Coding System (Ekman and Friesen);
the numbers are merlab's own. The combinations are the more frequent ones of CASME II's coding table of 2014 (Yan et
al., PLoS ONE 9(1), 2014), weighted by their frequency there. The table ``facs`` is wider: the combinations that FACS
lists for the emotions of each class of MEGC2019, with weights of merlab's own.
"""

from __future__ import annotations

from typing import NamedTuple

from merlab.synthesis.canvas_layout import Point


class Motion(NamedTuple):
    """A displacement of Gaussian shape at intensity 1.

    ``offset`` from the landmark and ``displacement`` are (outward, down) in px; ``sigma`` is (x, y) in px. Outward
    means away from the midline, or to the right for units without sides. ``mask`` limits the movement to a part of the
    face. ``tilt`` rotates the axes, in radians from x towards y.
    """

    landmark: str
    offset: Point
    sigma: Point
    displacement: Point
    mask: str = "all"
    tilt: float = 0.0


class Wrinkle(NamedTuple):
    """A change of log luminance of Gaussian shape at intensity 1. Offset, sigma and tilt are as in Motion."""

    landmark: str
    offset: Point
    sigma: Point
    tilt: float
    log_luminance: float


class ActionUnit(NamedTuple):
    """An action unit.

    Attributes:
        motions, wrinkles: its displacements and changes of luminance.
        paired: whether it has a left and a right side.
        unilateral: the probability that only one side moves.
        upper_lid, lower_lid: movement of the margin of the lid at intensity 1, as a share of the aperture of the eye;
            positive is down.
        parts_lips: whether it opens a gap between the lips; motions with the mask ``lower lip`` act below the gap,
            those with the mask ``upper lip`` above it.

    """

    motions: tuple[Motion, ...]
    wrinkles: tuple[Wrinkle, ...] = ()
    paired: bool = True
    unilateral: float = 0.0
    upper_lid: float = 0.0
    lower_lid: float = 0.0
    parts_lips: bool = False


ACTION_UNITS: dict[int, ActionUnit] = {
    1: ActionUnit(
        (
            Motion("brow_inner", (2, 0), (17, 17), (-0.25, -2.1), "brow"),
            Motion("brow_inner", (0, -26), (20, 18), (0, -1.2), "brow"),
        ),
        (
            Wrinkle("brow_inner", (-6, -24), (22, 1.8), 0, -0.04),
            Wrinkle("brow_inner", (-6, -36), (22, 1.8), 0, -0.03),
        ),
        unilateral=0.15,
    ),
    2: ActionUnit(
        (
            Motion("brow_outer", (-12, -4), (22, 15), (0.15, -2.2), "brow"),
            Motion("brow_outer", (-14, -30), (24, 18), (0, -1.2), "brow"),
        ),
        (Wrinkle("brow_outer", (-16, -26), (20, 1.8), 0.15, -0.04),),
        unilateral=0.2,
    ),
    4: ActionUnit(
        (
            Motion("brow_inner", (4, 0), (21, 16), (-1.3, 1.25), "brow"),
            Motion("brow_middle", (4, 2), (27, 16), (-0.8, 1.35), "brow"),
            Motion("brow_outer", (-8, 0), (18, 15), (-0.45, 0.75), "brow"),
            Motion("brow_inner", (8, -28), (32, 18), (-0.6, 0.85), "brow"),
        ),
        (
            Wrinkle("glabella", (-7, 2), (1.8, 11), 0.1, -0.07),
            Wrinkle("glabella", (7, 2), (1.8, 11), -0.1, -0.07),
            Wrinkle("glabella", (0, 2), (5, 12), 0, 0.03),
        ),
        unilateral=0.06,
        upper_lid=0.05,
    ),
    5: ActionUnit((Motion("eye", (0, -16), (22, 7), (0, -0.5)),), upper_lid=-0.16),
    6: ActionUnit(
        (
            Motion("cheek", (6, -4), (24, 18), (0.05, -1.5), "cheek"),
            Motion("eye_outer", (8, 6), (15, 13), (-0.8, -0.5), "cheek"),
        ),
        (
            Wrinkle("eye_outer", (10, 0), (8, 1.6), 0.2, -0.05),
            Wrinkle("eye_outer", (9, 7), (8, 1.6), 0.5, -0.05),
            Wrinkle("eye", (0, 17), (20, 2.2), 0, -0.05),
        ),
        unilateral=0.1,
        upper_lid=0.08,
        lower_lid=-0.16,
    ),
    7: ActionUnit(
        (Motion("eye", (0, 20), (24, 8), (-0.3, -1.1), "cheek"),),
        (Wrinkle("eye", (0, 15), (20, 2.0), 0, -0.05),),
        unilateral=0.08,
        upper_lid=0.05,
        lower_lid=-0.16,
    ),
    9: ActionUnit(
        (
            Motion("ala", (-4, -10), (13, 20), (0.1, -1.8)),
            Motion("glabella", (0, 14), (20, 14), (0, 1.0)),
            Motion("upper_lip", (0, -6), (28, 9), (0, -1.1), "upper lip"),
        ),
        (
            Wrinkle("nose_root", (0, 4), (11, 1.6), 0, -0.06),
            Wrinkle("nose_root", (0, 11), (11, 1.6), 0, -0.05),
            Wrinkle("ala", (3, -6), (2.4, 9), -0.3, -0.06),
        ),
        unilateral=0.15,
        upper_lid=0.03,
        lower_lid=-0.06,
    ),
    10: ActionUnit(
        (
            Motion("upper_lip", (0, 0), (26, 10), (0, -1.7), "upper lip"),
            Motion("nasolabial", (-12, 4), (14, 17), (0.35, -1.4), "upper lip", tilt=0.4),
            Motion("ala", (0, 4), (11, 11), (0.25, -0.8)),
        ),
        (Wrinkle("nasolabial", (-4, -12), (2.5, 13), -0.5, -0.08),),
        unilateral=0.3,
    ),
    12: ActionUnit(
        (
            Motion("mouth_corner", (2, -2), (18, 15), (1.35, -1.75)),
            Motion("nasolabial", (24, 2), (22, 20), (0.95, -1.15)),
            Motion("cheek", (8, 14), (22, 22), (0.75, -0.65), "cheek"),
            Motion("lower_lip", (0, 4), (34, 12), (0, -0.35)),
        ),
        (
            Wrinkle("nasolabial", (3, -2), (2.6, 22), -0.45, -0.07),
            Wrinkle("cheek", (0, 0), (18, 14), 0, 0.025),
            Wrinkle("mouth_corner", (5, -1), (3, 4), 0, -0.06),
        ),
        unilateral=0.3,
        upper_lid=0.06,
        lower_lid=-0.10,
    ),
    # The corner moves outward and the cheek inward, so that they meet at a dimple about 14 px outside the corner; the
    # skin above and below makes the corner narrower.
    14: ActionUnit(
        (
            Motion("mouth_corner", (3, 0), (11, 12), (1.5, -0.25)),
            Motion("mouth_corner", (16, 2), (14, 16), (-0.9, -0.1)),
            Motion("mouth_corner", (6, -11), (11, 7), (0, 0.5)),
            Motion("mouth_corner", (6, 11), (11, 7), (0, -0.5)),
        ),
        (Wrinkle("mouth_corner", (12, 0), (3.2, 6.5), 0, -0.1),),
        unilateral=0.45,
    ),
    15: ActionUnit(
        (
            Motion("mouth_corner", (-2, 2), (15, 13), (0.35, 1.8)),
            Motion("mouth_corner", (-4, 20), (18, 14), (0.1, 0.9)),
        ),
        (Wrinkle("mouth_corner", (3, 9), (2.6, 9), -0.4, -0.08),),
        unilateral=0.15,
    ),
    17: ActionUnit(
        (
            Motion("chin_boss", (0, 0), (25, 18), (0, -2.3), "lower lip"),
            Motion("lower_lip", (0, 4), (28, 9), (0, -1.3), "lower lip"),
            Motion("upper_lip", (0, 2), (24, 7), (0, -0.5), "upper lip"),
        ),
        (
            Wrinkle("chin_boss", (0, 0), (18, 11), 0, -0.03),
            Wrinkle("lower_lip", (0, 15), (22, 2.6), 0, -0.08),
        ),
        paired=False,
    ),
    20: ActionUnit((Motion("mouth_corner", (-2, 2), (20, 16), (1.7, 0.4)),)),
    24: ActionUnit(
        (
            Motion("upper_lip", (0, 2), (32, 8), (0, 0.7), "upper lip"),
            Motion("lower_lip", (0, 0), (32, 8), (0, -0.9), "lower lip"),
        ),
        paired=False,
    ),
    25: ActionUnit(
        (
            Motion("lower_lip", (0, 0), (28, 16), (0, 1.9), "lower lip"),
            Motion("upper_lip", (0, 2), (26, 8), (0, -0.5), "upper lip"),
        ),
        paired=False,
        parts_lips=True,
    ),
    # The lower lip moves with the jaw.
    26: ActionUnit(
        (
            Motion("chin_boss", (0, 6), (46, 30), (0, 2.4), "lower lip"),
            Motion("lower_lip", (0, 4), (36, 20), (0, 1.7), "lower lip"),
        ),
        paired=False,
        parts_lips=True,
    ),
}

CLASSES = ("happiness", "disgust", "surprise", "repression", "others")

# The number of clips of each class in CASME II's coding table of 2014.
CASME2_PRIOR: dict[str, int] = dict(zip(CLASSES, (32, 63, 25, 27, 99), strict=True))

COMBINATIONS: dict[str, dict[str, dict[str, int]]] = {
    "casme2": {
        "happiness": {
            "12": 13, "6+12": 8, "6+7+12": 2, "12+14": 1, "6": 1, "14": 3, "12+15": 1, "14+15": 1, "12+25": 2,
        },
        "disgust": {
            "4+7": 20, "4": 13, "4+9": 7, "9": 3, "4+7+9": 3, "10": 7, "4+10": 4, "4+7+10": 3, "7": 2, "9+10": 1,
        },
        "surprise": {"1+2": 14, "1": 3, "2": 4, "1+2+5": 2, "1+2+25": 1, "1+2+14": 1},
        "repression": {
            "15": 6, "17": 8, "15+17": 3, "14+17": 3, "14": 4, "12+15": 1, "14+15": 1, "12+17": 1,
        },
        "others": {
            "4": 54, "4+7": 9, "14": 12, "17": 5, "12": 3, "4+12": 3, "4+14": 3, "7": 4, "1+4": 3, "1+2": 1,
            "2+15": 1, "6+7+12": 1,
        },
    },
    "prototypical": {
        "happiness": {"12": 1, "6+12": 1},
        "disgust": {"4+9": 1, "9": 1, "10": 1, "4+7+10": 1},
        "surprise": {"1+2": 1, "1+2+5": 1},
        "repression": {"15": 1, "17": 1, "15+17": 1},
        "others": {"4": 1, "14": 1, "4+14": 1},
    },
    "facs": {
        "negative": {
            "4": 10, "4+7": 10, "4+5": 2, "7": 4, "4+24": 3, "24": 3, "17+24": 3, "14": 10, "9": 5, "10": 6, "9+10": 2,
            "4+9": 4, "10+17": 2, "4+10": 2, "1+2+4": 3, "1+4": 5, "20": 4, "1+2+4+20": 2, "5+20": 1, "15": 5, "17": 5,
            "1+4+15": 2, "15+17": 3, "14+17": 2, "4+7+17": 1, "4+15": 1,
        },
        "positive": {
            "12": 12, "6+12": 10, "6+7+12": 2, "6": 2, "12+25": 4, "6+12+25": 3, "12+26": 1, "12+14": 1,
        },
        "surprise": {
            "1+2": 14, "1": 3, "2": 3, "1+2+5": 5, "5": 2, "26": 3, "25+26": 2, "1+2+25": 2, "1+2+26": 4, "1+2+5+26": 2,
        },
    },
}  # fmt: skip


def parse_combination(text: str) -> tuple[int, ...]:
    """The numbers in a text such as ``4+7``: (4, 7)."""
    return tuple(int(number) for number in text.split("+"))

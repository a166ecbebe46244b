"""A hand that touches, rubs or wipes the face: its path; ``hand_picture`` shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from merlab.synthesis.canvas_layout import MIDLINE, outward
from merlab.synthesis.distractions.distraction import Distraction, swing
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameValues

# Crop coordinates. The elbow rests below the picture, and the hand waits where neither view shows it.
ELBOW, WAITING = (230.0, 800.0), (220.0, 585.0)
# Where the middle of the palm is while the fingertips are on a place of the face: so far below and outward of it.
BELOW_FINGERTIPS, OUTSIDE_FINGERTIPS = 120.0, 40.0
# The places that a hand goes to, by their landmarks.
PLACES = {
    "nose_tip": "nose",
    "upper_lip": "mouth",
    "chin_boss": "chin",
    "glabella": "forehead",
    "cheek": "cheek",
    "eye": "eye",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Hand(Distraction):
    """A hand before the face.

    Attributes:
        side: ``l`` for the subject's left hand, which comes from the right of the image, or ``r``.
        path: crop coordinates (x, y) of the middle of the palm and its tilt from upright (rad), (length, 3).
        size: width of the palm, px.

    """

    side: str
    path: FrameValues
    size: float

    def place(self, tick: float) -> tuple[float, float, float] | None:
        """The place of the palm and its tilt at a moment; None if the hand is not in the picture."""
        since = tick - self.onset
        if not 0 <= since < self.length:
            return None
        columns = (np.interp(since, np.arange(self.length), self.path[:, column]) for column in range(3))
        x, y, tilt = map(float, columns)
        return x, y, tilt


def sample_hand(rng: np.random.Generator, identity: Identity) -> Hand:
    """A hand comes within 0.4 to 0.8 s, touches or rubs a place of the face or wipes across it, and goes again."""
    side = str(rng.choice(["l", "r"]))
    come, go = (int(value) for value in rng.integers(80, 161, 2))
    action = str(rng.choice(["touches", "rubs", "wipes across"]))
    stay = int(rng.integers(30, 301) if action != "wipes across" else rng.integers(80, 201))
    name = str(rng.choice(list(PLACES)))
    waiting = np.array([MIDLINE + outward(side) * (WAITING[0] - MIDLINE), WAITING[1]])
    target = _palm_at(identity, name, side)
    share = np.concatenate([_eased(come), np.ones(stay), 1 - _eased(go)])[:, None]
    path = waiting + share * (target - waiting)
    touching = np.arange(stay)
    moving = np.zeros((stay, 2))
    if action == "rubs":
        speed, extent = rng.uniform(2.5, 4.5), rng.uniform(4, 10)
        moving[:, 0] = extent * np.sin(2 * np.pi * speed * touching / 200) * swing(stay, 15, 15)
        moving[:, 1] = 0.6 * extent * np.sin(2 * np.pi * 0.9 * speed * touching / 200) * swing(stay, 15, 15)
    elif action == "wipes across":
        moving[:, 0] = -outward(side) * rng.uniform(60, 110) * np.sin(np.pi * touching / stay) ** 2
    path[come : come + stay] += moving
    elbow = np.array([MIDLINE + outward(side) * (ELBOW[0] - MIDLINE), ELBOW[1]])
    away = elbow - path
    tilt = -np.arctan2(away[:, 0], away[:, 1]) - outward(side) * rng.uniform(0.0, 0.5)
    return Hand(
        kind="hand",
        length=len(path),
        details=f"the {'left' if side == 'l' else 'right'} hand {action} the {PLACES[name]}",
        side=side,
        path=np.column_stack([path, tilt]),
        size=float(rng.uniform(105, 140)),
    )


def _palm_at(identity: Identity, name: str, side: str) -> FrameValues:
    x, y = identity.landmarks.get(name) or identity.landmarks[f"{name}_{side}"]
    return np.array([x + outward(side) * OUTSIDE_FINGERTIPS, y + BELOW_FINGERTIPS])


def _eased(length: int) -> FrameValues:
    """The completed share of a reaching movement, 0 to 1: minimum jerk (Flash and Hogan 1985), (length,)."""
    t = np.linspace(0, 1, length)
    return np.asarray(10 * t**3 - 15 * t**4 + 6 * t**5)

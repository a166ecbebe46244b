"""Turns and nods of the head, with the parallax of the face's relief."""

from __future__ import annotations

import numpy as np

from merlab.synthesis.distractions.distraction import Distraction, cycles, swing
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameValues

X, Y, ROLL, YAW, PITCH, SCALE = range(6)
# Pixels that the eyes move with a rotation of 1 rad, because the axis of the neck is behind the face.
NECK = 45.0


def sample_turn(rng: np.random.Generator, identity: Identity) -> Distraction:
    """The head turns by 3 to 9 degrees, stays there for a moment, and turns back."""
    rise, hold, fall = (int(value) for value in rng.integers([50, 20, 60], [131, 401, 161]))
    course = swing(rise + hold + fall, rise, fall)
    yaw, tilt = float(rng.uniform(0.05, 0.16) * rng.choice([-1, 1])), float(rng.uniform(-0.3, 0.3))
    head = _head(course, yaw=yaw, pitch=float(rng.uniform(-0.03, 0.03)), roll=tilt * yaw)
    side = "right" if yaw > 0 else "left"
    return Distraction("turn", len(course), f"{np.degrees(abs(yaw)):.0f} degrees to the {side} of the image", head=head)


def sample_nod(rng: np.random.Generator, identity: Identity) -> Distraction:
    """The head goes down by 2 to 7 degrees and up again, one to three times."""
    count, pitch = int(rng.integers(1, 4)), float(rng.uniform(0.035, 0.12))
    length = int(count * rng.uniform(90, 150))
    number, share = cycles(rng, length, length / count, 0.08)
    smaller = 0.75 ** number.astype(float)
    course = np.sin(np.pi * share) ** 2 * smaller * swing(length, 20, 20)
    times = "once" if count == 1 else f"{count} times"
    return Distraction("nod", length, f"{np.degrees(pitch):.0f} degrees, {times}", head=_head(course, pitch=pitch))


def _head(course: FrameValues, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> FrameValues:
    """The movement (n, 6) of a rotation by these angles (rad), of which ``course`` (n,) is the completed share."""
    head = np.zeros((len(course), 6))
    head[:, [X, Y, ROLL, YAW, PITCH]] = np.outer(course, [NECK * yaw, NECK * pitch, roll, yaw, pitch])
    head[:, SCALE] = -0.1 * abs(yaw) * course
    return head

"""Looks that are as much alike as a test needs: the cosine of the angle between them."""

from __future__ import annotations

import math

import numpy as np

from merlab.faces.looks import HEIGHT, WIDTH, Look

# Two looks of white noise, at right angles, and both without a mean: moved pictures of noise are not alike.
_NOISE = np.random.default_rng(0).normal(size=(3, HEIGHT * WIDTH))
_NOISE[0] = 1
FIRST, SECOND = np.linalg.qr(_NOISE.T)[0].T[1:].reshape(2, HEIGHT, WIDTH)


def look_at(angle: float) -> Look:
    """The look at this angle from ``look_at(0)``, radians; two looks are alike by the cosine between them."""
    return (math.cos(angle) * FIRST + math.sin(angle) * SECOND).astype(np.float32)


def look_alike(likeness: float) -> Look:
    """A look that is this much like ``look_at(0)``, within 0.02: the correlation leaves out the edge."""
    return look_at(math.acos(likeness))

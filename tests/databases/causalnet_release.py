"""A small tree in the layout of the CausalNet release, with its labels beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from merlab.databases.causalnet_flow import IMAGES_FOLDER, SUFFIXES
from merlab.frames import read_image
from tests.helpers import FLOW_SUBJECTS, write_flow_tree


def write_causalnet_tree(place: Path, subjects: Sequence[str] = FLOW_SUBJECTS, each: int = 2, seed: int = 0) -> Path:
    """``<place>/causalnet`` with four images per clip, and ``<place>/labels`` in STSTNet's layout; returns the first.

    The onset-apex image is the label's image moved down by 2 px, as another crop would show it; the others are noise.
    """
    labels = write_flow_tree(place / "labels", subjects, each, seed)
    folder = place / "causalnet" / IMAGES_FOLDER
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed + 1)
    for path in sorted(labels.glob("*/u_test/*/*.png")):
        name = path.stem.rstrip()
        for image, suffix in SUFFIXES.items():
            content = rng.integers(0, 256, (28, 28, 3), np.uint8)
            if image == "out":
                content = np.roll(read_image(path), 2, axis=0)
            cv2.imwrite(str(folder / f"{name}{suffix} .png"), content)
    return folder.parent

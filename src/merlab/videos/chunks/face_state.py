"""The face from the onset to the offset of a movement: whether it is upright, inside the frame and uncovered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from merlab.faces.geometry import translation
from merlab.faces.head_motion import displacement
from merlab.faces.quality import layout_coverage
from merlab.faces.regions import LAYOUT_WIDTH
from merlab.frames import Float32Array
from merlab.spotting.event import SpottedEvent
from merlab.videos.chunks.kept_chunk import KeptTrack
from merlab.videos.words import FaceState

MIDLINE = (LAYOUT_WIDTH - 1) / 2


def face_state(track: KeptTrack, event: SpottedEvent, size: tuple[int, int]) -> FaceState:
    """The state of a track's face during an event, in frames of ``size`` (width, height) px."""
    inside = slice(event.onset - track.first, event.offset - track.first + 1)
    facts = {name: track.facts(name)[inside] for name in ("roll", "pupils", "nose_x", "misfit")}
    onset, apex = track.transform(event.onset), track.transform(event.apex)
    transforms = [track.transform(number) for number in (event.onset, event.apex, event.offset)]
    return FaceState(
        roll=_most(np.abs(facts["roll"])),
        turn=_most(np.abs(facts["nose_x"] - MIDLINE)),
        pupils=-_most(-facts["pupils"]),
        coverage=min((layout_coverage(each, size[::-1]) for each in transforms if each), default=np.nan),
        misfit=_most(facts["misfit"]),
        aligned=onset.after(apex.inverse) if onset and apex else None,
    )


def head_movement(face: FaceState, left: Float32Array) -> float:
    """How far the head moves from the onset to the apex of an event, mean px of the layout.

    ``left`` (282, 231, 2) px is the movement of the head between the aligned faces, as in Evidence. What the alignment
    undid is added. An error of the alignment is in both, and cancels.
    """
    return displacement(face.aligned or translation(0, 0), left)


def _most(values: NDArray[np.float64]) -> float:
    """The largest of the known values; NaN where none is known."""
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else np.nan

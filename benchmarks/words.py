"""How far micro-expressions of synthetic people are from the limits within which a class is named.

    merlab make-videos words --subjects 6 --minutes 0.2 --events 20 --seed 8100 --raw
    merlab recognize words/SYNTHETIC_raw_videos --out words-out
    python benchmarks/words.py words words-out

One row per spotted micro-expression that is a true one (intersection over union of at least 0.5), then the range of
each column, and the limit in ``WordSettings``. Every value is the one that the tests of a class look at:

excess     how much longer the spotted movement lasts than the true one, s
part       mean displacement of the part of the face that moves most, px of the 231 x 282 layout
head       how far the head moves, relative to the largest displacement of the face; counts only where it moves farther
           than the limit of head_px
head_px    the same, px of the layout
misfit     root mean square change of the mesh, px of the layout
change     how much brighter or darker a block of the face gets, natural logarithm
roll, turn of the face, degrees and px of the layout
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.frames import clock_of, open_frames
from merlab.given import require_file, require_folder
from merlab.outputs.result_folder import KEPT
from merlab.spotting.scoring.matching import match
from merlab.spotting.spot import SpottingSettings
from merlab.videos.chunks.face_state import face_state, head_movement
from merlab.videos.chunks.kept_chunk import read_kept
from merlab.videos.chunks.plan import CHUNKS
from merlab.videos.chunks.track_pictures import TrackPictures
from merlab.videos.evidence.movement import movement_evidence
from merlab.videos.words import WordSettings
from plain_errors import run_benchmark

VIDEOS, EVENTS = "SYNTHETIC_raw_videos", "SYNTHETIC_events.csv"


def movements(video: Path, result: Path, true: NDArray[np.int64]) -> Iterator[dict[str, object]]:
    """The spotted micro-expressions of a recording that are among its true ones, (n, 2) onsets and offsets."""
    frames = open_frames(video)
    clock = clock_of(video, frames, None)
    for file in sorted((result / KEPT / CHUNKS).glob("*.npz")):
        chunk = read_kept(file)
        if chunk is None:
            raise MerlabError(f"{file} is not what this merlab keeps; run merlab recognize again")
        for track in chunk.tracks:
            window = track.spot(range(*chunk.facts.owned), clock, SpottingSettings())
            events = [event for event in window.events if event.kind == "micro"] if window else []
            for row, column in match(true, [(event.onset, event.offset) for event in events]):
                event, (onset, offset) = events[column], true[row]
                pictures = TrackPictures(track, frames, int)
                evidence = movement_evidence(pictures.read(event.onset), pictures.read(event.apex))
                face = face_state(track, event, chunk.facts.size)
                head = head_movement(face, evidence.head)
                yield {
                    "video": video.stem,
                    "onset": event.onset,
                    "excess": (event.offset - event.onset - float(offset - onset)) / clock.fps,
                    "part": max((part.px for part in evidence.parts), default=0.0),
                    "head": head / evidence.largest,
                    "head_px": head,
                    "misfit": face.misfit,
                    "change": evidence.change,
                    "roll": face.roll,
                    "turn": face.turn,
                }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, help="folder of merlab make-videos --raw")
    parser.add_argument("results", type=Path, help="folder of merlab recognize")
    given = parser.parse_args()
    require_file(given.recordings / EVENTS, "give the folder of merlab make-videos --raw, see --help")
    require_folder(given.recordings / VIDEOS, "make the recordings with --raw, see --help")
    true = pd.read_csv(given.recordings / EVENTS)
    intervals = true[["onset", "offset"]].to_numpy(np.int64)
    rows = [
        row
        for video in sorted((given.recordings / VIDEOS).iterdir())
        for row in movements(video, given.results / video.name, intervals[true.video == video.name])
    ]
    if not rows:
        raise MerlabError(
            f"{given.results} has no spotted micro-expression that is a true one of {given.recordings}; "
            "give the folder that merlab recognize made of these recordings, see --help"
        )
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="%.3f"))
    values, limits = table.drop(columns=["video", "onset"]), WordSettings()
    summary = values.agg(["min", "median", "max"]).T
    summary["limit"] = [
        limits.timing_error,
        limits.largest_px,
        limits.most_head,
        limits.least_head,
        limits.largest_misfit,
        limits.largest_change,
        limits.largest_roll,
        limits.largest_turn,
    ]
    print(f"\n{len(table)} spotted micro-expressions of {table.video.nunique()} people; true events: {len(true)}")
    print(summary.to_string(float_format="%.3f"))


if __name__ == "__main__":
    run_benchmark(main)

"""The state of an unfinished chunk is restored exactly, and reading it executes nothing."""

from __future__ import annotations

import os
import pickle

import cv2
import numpy as np
import pytest

from merlab.faces.alignment import FaceFinding
from merlab.frames.clock import Clock
from merlab.outputs.checkpoints import read_checkpoint, write_checkpoint
from merlab.outputs.kept_arrays import write_kept_bytes
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.division import Division
from merlab.videos.chunks.faces_in_frame import FindingViewer
from merlab.videos.chunks.kept_chunk import ARRAYS
from merlab.videos.chunks.lanes import Lanes, SameThread

SAME_THREAD = Lanes(SameThread(), SameThread(), SameThread())


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def viewer() -> FindingViewer:
    return FindingViewer(FaceFinding(landmarks="five-points"), 200.0)


def test_a_chunk_continues_as_if_it_had_not_been_interrupted(heads, tmp_path):
    frames = [np.asarray(cv2.resize(head, None, fx=0.5, fy=0.5), np.uint8) for head in heads]
    clock, span = Clock.constant(200.0, 4), Division(1, 4, 4, 0).span(0)
    whole = Chunk(span, viewer(), clock, SAME_THREAD)
    stopped = Chunk(span, viewer(), clock, SAME_THREAD)
    for number in (1, 2):
        whole.push(number, frames[number - 1])
        stopped.push(number, frames[number - 1])
    write_checkpoint(tmp_path / "0.state", stopped, {"clock": clock, "lanes": SAME_THREAD, **stopped.viewer.networks})
    restored = read_checkpoint(tmp_path / "0.state", {"clock": clock, "lanes": SAME_THREAD, **viewer().networks})
    assert restored.next == 3
    assert restored.clock is clock
    for number in (3, 4):
        whole.push(number, frames[number - 1])
        restored.push(number, frames[number - 1])
    (one,), (two,) = whole.kept().tracks, restored.kept().tracks
    assert whole.kept().facts == restored.kept().facts
    for name in ARRAYS:
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True)


def test_nothing_is_executed_and_nothing_foreign_is_read(tmp_path):
    for position, foreign in enumerate([Malicious(tmp_path / "executed"), print, os.system, np.load]):
        write_kept_bytes(tmp_path / f"{position}.state", pickle.dumps([foreign]))
        assert read_checkpoint(tmp_path / f"{position}.state", {}) is None
    assert not (tmp_path / "executed").exists()


def test_a_missing_or_damaged_state_is_none(tmp_path):
    assert read_checkpoint(tmp_path / "0.state", {}) is None
    write_checkpoint(tmp_path / "0.state", [1, 2], {})
    assert read_checkpoint(tmp_path / "0.state", {}) == [1, 2]
    (tmp_path / "0.state").write_bytes(b"cut")
    with pytest.warns(UserWarning, match="is damaged"):
        assert read_checkpoint(tmp_path / "0.state", {}) is None

"""What is measured of a face in each frame: how its parts and units move, how the head is turned, whether it blinks."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.motion import COLUMNS, ROWS
from merlab.spotting.spot import SpottingSettings
from merlab.videos.chunks.kept_chunk import KeptTrack
from merlab.videos.chunks.measures import track_measures
from merlab.videos.chunks.mesh_facts import MeshFacts
from merlab.videos.evidence.frame_units import frame_units
from merlab.videos.evidence.movement import explaining_units, unit_templates, usable_blocks
from merlab.videos.frame_table import MEASURES, UNITS
from tests.videos.faces import moving_places, there_and_back

FPS, FRAMES, FIRST = 100.0, 300, 11


def track(opening=0.3):
    """Frames 11 to 310 of a face whose left mouth corner rises at its 150th frame."""
    course = there_and_back(FRAMES, 130, 150, 170)
    facts = MeshFacts(2.0, 123.0, 115.0, 145.0, 0.5, -3.0, 12.0, 2.5, 0.3, 0.3)
    mesh = np.tile(np.array(facts, np.float32), (FRAMES, 1))
    mesh[:, -2:] = np.broadcast_to(opening, (FRAMES,))[:, None]
    return KeptTrack(
        0,
        FIRST,
        boxes=np.ones((FRAMES, 5)),
        places=moving_places(course),
        transforms=np.full((FRAMES, 2, 3), np.nan),
        shown=np.arange(FIRST, FIRST + FRAMES),
        mesh=mesh,
    )


def column(measures, name):
    return measures[:, MEASURES.index(name)]


def test_the_parts_have_the_scores_of_spotting_in_the_frames_where_it_looked():
    face, clock, settings = track(), Clock.constant(FPS, 400), SpottingSettings()
    window = face.spot(range(21, 301), clock, settings)
    measures = track_measures(face, window, clock, settings.score)
    parts = measures[:, [MEASURES.index(name) for name in MEASURES if name.startswith("score_")]]
    assert np.isnan(parts[:10]).all()
    assert np.isnan(parts[290:]).all()
    assert parts[10:290].max(axis=1) == pytest.approx(window.total)
    assert parts[150].argmax() == [name for name in MEASURES if name.startswith("score_")].index("score_mouth_left")
    left, right = column(measures, "AU12_evidence_left"), column(measures, "AU12_evidence_right")
    assert left[140:160].max() > 0.7
    assert left[140:160].max() > 4 * right[140:160].max()
    assert left[20:100].max() == 0
    assert set(column(measures, "pose_yaw")) == {12.0}


def test_a_brief_closure_of_both_eyes_is_a_blink_and_a_long_one_is_not():
    opening = np.full(FRAMES, 0.3)
    opening[50:65], opening[200:280] = 0.06, 0.06
    measures = track_measures(track(opening), None, Clock.constant(FPS, 400), SpottingSettings().score)
    closure, blink = column(measures, "eye_closure_right"), column(measures, "blink")
    assert closure[[0, 57, 240]] == pytest.approx([0, 0.8, 0.8], abs=1e-6)
    assert np.flatnonzero(blink).tolist() == list(range(50, 65))


def test_without_a_mesh_pose_and_eyes_are_unknown():
    measures = track_measures(track(np.nan), None, Clock.constant(FPS, 400), SpottingSettings().score)
    assert np.isnan(column(measures, "blink")).all()
    assert np.isnan(column(measures, "AU12_evidence_left")).all()


class TestUnits:
    def test_the_strength_of_a_movement_is_that_of_the_fit_of_events(self):
        blocks = np.zeros((3, ROWS, COLUMNS, 2), np.float32)
        blocks[1:, usable_blocks(blinking=False)] = 1.5 * unit_templates(blinking=False)["12l"].reshape(-1, 2)
        blocks[2] += np.random.default_rng(0).normal(0, 0.1, blocks[2].shape)
        strengths = frame_units(blocks, UNITS)
        (named,), _ = explaining_units(blocks[2])
        assert named.code == "AU12 left"
        assert strengths[2, UNITS.index("12l")] == pytest.approx(named.px)
        assert strengths[1] == pytest.approx([1.5 * (key == "12l") for key in UNITS], abs=1e-5)
        assert not strengths[0].any()

    def test_in_a_blink_the_units_of_the_lids_are_unknown(self):
        blocks = np.zeros((1, ROWS, COLUMNS, 2), np.float32)
        blocks[:, 2:5, :, 1] = 3
        unknown = {key for key, value in zip(UNITS, frame_units(blocks, UNITS)[0], strict=True) if np.isnan(value)}
        assert unknown == {"5r", "5l", "7r", "7l"}

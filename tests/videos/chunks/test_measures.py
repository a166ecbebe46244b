"""What is measured of a face in each frame: how its parts and units move, how its lids drop, how the head is turned."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.frames.clock import Clock
from merlab.spotting.motion import COLUMNS, ROWS, lid_blocks
from merlab.spotting.spot import SpottingSettings, spotting_settings
from merlab.videos.chunks.kept_chunk import KeptTrack
from merlab.videos.chunks.measures import track_measures
from merlab.videos.chunks.mesh_facts import MeshFacts
from merlab.videos.evidence.frame_units import frame_units
from merlab.videos.evidence.movement import explaining_units, fitted_blocks, unit_templates
from merlab.videos.frame_table import MEASURES, UNITS
from tests.videos.faces import moving_places, there_and_back

FPS, FRAMES, FIRST = 100.0, 300, 11


def track():
    """Frames 11 to 310 of a face whose left mouth corner rises at its 150th frame."""
    course = there_and_back(FRAMES, 130, 150, 170)
    facts = MeshFacts(2.0, 123.0, 115.0, 145.0, 0.5, -3.0, 12.0, 2.5)
    mesh = np.tile(np.array(facts, np.float32), (FRAMES, 1))
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
    """Those of pairs of blocks, so the filters for action units are left out."""
    face, clock, settings = track(), Clock.constant(FPS, 400), spotting_settings({"score.units": 0})
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


@pytest.mark.parametrize("slowed", [1, 2])
def test_where_frames_are_not_at_equal_distances_the_parts_still_have_the_scores_of_spotting(slowed):
    """Frames are 10 ms apart, from frame 230 of the video on 14 ms; played as recorded, and half as fast."""
    stamps = slowed * np.cumsum(np.where(np.arange(400) < 229, 0.01, 0.014))
    clock = Clock.of_stamps(stamps).at_rate(FPS)
    face, settings = track(), spotting_settings({"score.units": 0})
    window = face.spot(range(21, 301), clock, settings)
    measures = track_measures(face, window, clock, settings.score)
    parts = measures[:, [MEASURES.index(name) for name in MEASURES if name.startswith("score_")]]
    assert clock.slowed == pytest.approx(slowed)
    assert parts[10:290].max(axis=1) == pytest.approx(window.total)


def test_lids_that_drop_on_both_sides_are_a_blink_and_on_one_side_are_not():
    face, clock, settings = track(), Clock.constant(FPS, 400), SpottingSettings()
    right, left = lid_blocks()
    face.places[50:60, right | left, 1] += 1.5
    face.places[200:210, right, 1] += 1.5
    window = face.spot(range(FIRST, FIRST + FRAMES), clock, settings)
    measures = track_measures(face, window, clock, settings.score)
    drops = [column(measures, f"lid_drop_{side}") for side in ("right", "left")]
    assert [drop[55] for drop in drops] == pytest.approx([1.5, 1.5], abs=0.2)
    assert [drop[205] for drop in drops] == pytest.approx([1.5, 0], abs=0.2)
    blink = np.flatnonzero(column(measures, "blink"))
    assert set(range(51, 59)) <= set(blink) <= set(range(46, 64))


def test_faces_that_were_seen_too_briefly_have_their_pose_alone():
    measures = track_measures(track(), None, Clock.constant(FPS, 400), SpottingSettings().score)
    known = [name for name, values in zip(MEASURES, measures.T, strict=True) if not np.isnan(values).any()]
    assert known == ["pose_pitch", "pose_yaw", "pose_roll"]


class TestUnits:
    def test_the_strength_of_a_movement_is_that_of_the_fit_of_events(self):
        blocks = np.zeros((3, ROWS, COLUMNS, 2), np.float32)
        blocks[1:, fitted_blocks(blinking=False)] = 1.5 * unit_templates(blinking=False)["12l"].reshape(-1, 2)
        blocks[2] += np.random.default_rng(0).normal(0, 0.1, blocks[2].shape)
        strengths = frame_units(blocks, UNITS)
        (named,) = explaining_units(blocks[2])
        assert named.code == "AU12 left"
        assert strengths[2, UNITS.index("12l")] == pytest.approx(named.px)
        assert strengths[1] == pytest.approx([1.5 * (key == "12l") for key in UNITS], abs=1e-5)
        assert not strengths[0].any()

    def test_in_a_blink_the_units_of_the_lids_are_unknown(self):
        blocks = np.zeros((1, ROWS, COLUMNS, 2), np.float32)
        blocks[:, 2:5, :, 1] = 3
        unknown = {key for key, value in zip(UNITS, frame_units(blocks, UNITS)[0], strict=True) if np.isnan(value)}
        assert unknown == {"5r", "5l", "7r", "7l"}

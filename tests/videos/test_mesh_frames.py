"""The overlay without the person: outlines on black, where the face is seen, as precise as they were kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.faces.contours import CONTOUR_POINTS, CONTOURS
from merlab.frames.clock import Clock
from merlab.spotting.motion import COLUMNS, ROWS
from merlab.videos.chunks.division import Division
from merlab.videos.chunks.kept_chunk import NO_CONTOURS, ChunkFacts, KeptChunk, KeptTrack, contours_to_keep, read_kept
from merlab.videos.chunks.mesh_facts import MeshFacts
from merlab.videos.chunks.plan import VideoPlan
from merlab.videos.mesh_frames import MeshFrames
from merlab.videos.options import Options
from tests.videos.chunks.test_joining import write_chunk

SIZE = (320, 240)
# A face of twice its size on the layout, shifted by (10, 20) px.
ONTO_LAYOUT = [[2.0, 0, -20], [0, 2, -40]]


def outline():
    """The mesh as a circle of 50 px around (115.4, 140.7) on the layout."""
    angles = np.linspace(0, 2 * np.pi, len(CONTOUR_POINTS))
    return np.stack([115.4 + 50 * np.cos(angles), 140.7 + 50 * np.sin(angles)], axis=1)


@pytest.fixture
def plan(tmp_path):
    """A video of four frames whose face is seen in the second and third."""
    plan = VideoPlan(
        source=tmp_path / "video.avi",
        working=tmp_path / "working",
        kept=tmp_path / "kept",
        first=1,
        clock=Clock.constant(50.0, 4),
        division=Division(1, 4, 100, 10),
        options=Options(overlay="mesh"),
        keys=1,
    )
    plan.chunk_folder(0).mkdir(parents=True)
    write_chunk(plan.chunk_folder(0), range(1, 5), range(1, 5), {0: ((10, 10), range(2, 5))})
    seen = contours_to_keep(outline())
    track = KeptTrack(
        0,
        2,
        boxes=np.ones((3, 5)),
        places=np.zeros((3, ROWS, COLUMNS, 2), np.float32),
        transforms=np.tile(np.array(ONTO_LAYOUT), (3, 1, 1)),
        shown=np.arange(2, 5),
        mesh=np.zeros((3, len(MeshFacts._fields)), np.float32),
        contours=np.stack([seen, seen, NO_CONTOURS]),
    )
    facts = ChunkFacts(
        covered=(1, 5), owned=(1, 5), size=SIZE, damaged=(), left_out=0, quality=(), tracks=((track.face_id, 2),)
    )
    plan.kept_file(0).parent.mkdir(parents=True)
    KeptChunk(facts, [track]).write(plan.kept_file(0))
    return plan


def test_outlines_are_drawn_where_the_face_is_seen_and_all_else_is_black(plan):
    frames = dict(MeshFrames(plan, SIZE))
    assert [frames[number].any() for number in (1, 2, 3, 4)] == [False, True, True, False]
    assert frames[2].shape == (240, 320, 3)
    rows, columns = np.nonzero(frames[2].any(axis=2))
    # Half of the circle's radius and center, and the shift.
    distance = np.hypot(columns - (57.7 + 10), rows - (70.35 + 20))
    assert distance.max() < 25 + 2
    assert distance.max() > 25 - 2


def test_in_a_smaller_overlay_outlines_are_drawn_where_the_face_is(plan):
    frames = dict(MeshFrames(plan, (160, 120), 0.5))
    assert frames[2].shape == (120, 160, 3)
    rows, columns = np.nonzero(frames[2].any(axis=2))
    distance = np.hypot(columns - (57.7 + 10) / 2, rows - (70.35 + 20) / 2)
    assert distance.max() == pytest.approx(12.5, abs=2)


def test_a_face_that_the_result_does_not_list_is_not_drawn(plan):
    kept, drawn = read_kept(plan.kept_file(0)), dict(MeshFrames(plan, SIZE))
    assert kept is not None
    unlisted = replace(kept.tracks[0], face_id=7, transforms=kept.tracks[0].transforms + 1)
    facts = kept.facts.model_copy(update={"tracks": (*kept.facts.tracks, (7, 2))})
    KeptChunk(facts, [*kept.tracks, unlisted]).write(plan.kept_file(0))
    assert all(np.array_equal(picture, drawn[number]) for number, picture in MeshFrames(plan, SIZE))


def test_the_points_are_kept_to_a_thirty_second_of_a_pixel(plan):
    kept = read_kept(plan.kept_file(0))
    assert kept is not None
    assert kept.tracks[0].contour_points(2) == pytest.approx(outline() / 2 + [10, 20], abs=1 / 32)
    assert kept.tracks[0].contour_points(4) is None


def test_every_point_is_of_the_mesh_and_no_line_has_one_twice():
    assert min(CONTOUR_POINTS) >= 0
    assert max(CONTOUR_POINTS) < 468
    assert all(len(set(contour.points)) == len(contour.points) for contour in CONTOURS)


def test_landmarks_that_are_lost_are_reported_with_the_remedy(plan):
    plan.kept_file(0).unlink()
    with pytest.raises(MerlabError, match="run the command again with --again"):
        list(MeshFrames(plan, SIZE))


@pytest.mark.parametrize("changes", [{"aligned": True}, {"finding": FaceFinding(landmarks="five-points")}])
def test_without_a_mesh_it_is_refused(changes):
    with pytest.raises(MerlabError, match="needs the face mesh"):
        Options(overlay="mesh", **changes)

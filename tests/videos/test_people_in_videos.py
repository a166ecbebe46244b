"""Whole videos of synthetic heads, as a camera sees them: two people, a cut, nobody; killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from merlab import cli
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.outputs.result_folder import WORKING
from merlab.spotting.scoring import match
from merlab.synthesis import PRESETS, make_renderer
from merlab.synthesis.canvas_layout import Window
from merlab.synthesis.recording import plan_recording
from merlab.videos import recognition
from merlab.videos.chunks.plan import CHUNKS
from merlab.videos.recognition import recognize
from merlab.videos.result import EVENTS, FRAMES
from tests.frames.videos import write_streams
from tests.videos.recording import write_avi

# Recordings have 200 frames per second; every fifth is rendered.
FPS, STEP = 40.0, 5
# Independent of the machine, whose cache may have the file of the face mesh.
FIVE_POINTS = FaceFinding(landmarks="five-points")
# One movement, and the time without any before and after it, of which these frames are left out.
SECONDS, CALM = 3.5, 14
# A face and its surroundings.
VIEW = Window(-100, -50, 432, 384)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def people():
    """Two synthetic people for 2.8 s at FPS, and the movements (onset, offset) of each."""
    two = []
    for subject in range(2):
        renderer = make_renderer(40, subject, PRESETS["easy"], VIEW)
        plan = plan_recording(renderer.identity, renderer.preset, round(SECONDS * 200), ["happiness"])
        frames = [renderer.frame(block, at) for block in plan.blocks() for at in range(0, len(block), STEP)]
        movements = [(event.onset // STEP + 1 - CALM, event.offset // STEP + 1 - CALM) for event in plan.events]
        two.append((frames[CALM:-CALM], movements))
    return two


@pytest.fixture(scope="module")
def side_by_side(people, tmp_path_factory):
    (left, _), (right, _) = people
    frames = [np.hstack(pair) for pair in zip(left, right, strict=True)]
    return write_avi(tmp_path_factory.mktemp("two") / "two.avi", frames, FPS)


@pytest.fixture(scope="module")
def two(side_by_side, weights, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recognition, "CHUNK_SECONDS", 1.5)
        out = tmp_path_factory.mktemp("out") / "two"
        return recognize(side_by_side, out, weights=weights, finding=FIVE_POINTS, jobs=1)


def test_two_people_keep_their_numbers_over_chunks(two):
    assert [face.face_id for face in two.metadata.faces] == [0, 1]
    places = two.frames.groupby("face_id")["x"].agg(["min", "max"])
    assert sorted(places["min"] > VIEW.width) == [False, True]
    assert (places["max"] - places["min"] < 100).all()


def test_each_persons_movements_are_spotted_as_theirs(two, people):
    hits = found = true = 0
    for face_id, table in two.events.groupby("face_id"):
        on_the_right = two.frames[two.frames["face_id"] == face_id]["x"].median() > VIEW.width
        movements = people[int(on_the_right)][1]
        hits += len(match(movements, table[["onset", "offset"]].to_numpy()))
        found += len(table)
    true = sum(len(movements) for _, movements in people)
    assert 2 * hits / (found + true) >= 0.7


def test_after_a_cut_another_person_has_another_number(people, weights, tmp_path):
    frames = people[0][0][:40] + [np.roll(frame[:, ::-1], 140, axis=1) for frame in people[1][0][:40]]
    cut = recognize(
        write_avi(tmp_path / "cut.avi", frames, FPS),
        tmp_path / "out",
        weights=weights,
        finding=FIVE_POINTS,
        overlay=False,
        jobs=1,
    )
    assert [(face.first, face.last) for face in cut.metadata.faces] == [(1, 40), (41, 80)]
    assert len(cut.events) == 0 or not ((cut.events["onset"] <= 40) & (cut.events["offset"] > 40)).any()


def test_frames_without_a_face_are_rows_without_success(people, weights, tmp_path):
    blank = np.full_like(people[0][0][0], 90)
    frames = [blank] * 20 + people[0][0][:40] + [blank] * 20
    result = recognize(
        write_avi(tmp_path / "some.avi", frames, FPS),
        tmp_path / "out",
        weights=weights,
        finding=FIVE_POINTS,
        overlay=False,
        jobs=1,
    )
    seen = result.frames.groupby("frame")["success"].max()
    assert seen.loc[21:60].all()
    assert not seen.loc[1:20].any()
    assert not seen.loc[61:].any()
    assert any("no face is seen in 40 of 80 frames" in warning for warning in result.warnings)


def test_a_video_of_nobody_leaves_nothing(weights, tmp_path):
    empty = write_avi(tmp_path / "empty.avi", [np.full((240, 320, 3), 90, np.uint8)] * 60, FPS)
    with pytest.raises(MerlabError, match="no face is found in any of its 60 frames of 320x240 pixels"):
        recognize(empty, tmp_path / "out", weights=weights, finding=FIVE_POINTS)
    assert not (tmp_path / "out").exists()


def test_where_nobody_is_seen_other_streams_of_the_file_are_named(weights, tmp_path):
    two = write_streams(tmp_path / "two.mkv", [(320, 240), (320, 240)])
    with pytest.raises(MerlabError, match="aligned faces need --aligned; the file has 2 video streams, and only"):
        recognize(two, tmp_path / "out", weights=weights, finding=FIVE_POINTS)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of Unix")
def test_a_killed_command_resumes_to_the_bytes_of_an_undisturbed_one(people, weights, tmp_path, monkeypatch):
    """Chunks last 30 s: at 1 frame per second there are three."""
    video = write_avi(tmp_path / "slow.avi", people[0][0][:90], 1.0)

    def command(jobs):
        given = [video, "--out", tmp_path / "killed", "--weights", weights, "--no-overlay", "--jobs", jobs]
        return ["merlab", "recognize", *map(str, given), "--landmarks", "five-points"]

    recognize(video, tmp_path / "undisturbed", weights=weights, finding=FIVE_POINTS, overlay=False, jobs=1)
    started = [sys.executable, "-m", *command(2)]
    victim = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    chunks, deadline = tmp_path / "killed" / WORKING / CHUNKS, time.monotonic() + 600
    while not list(chunks.glob("[0-9]*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert 1 <= len(list(chunks.glob("[0-9]*"))) < 3
    assert not (tmp_path / "killed" / EVENTS).exists()
    # In this process, which has imported everything.
    monkeypatch.setattr(sys, "argv", command(1))
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    for name in (FRAMES, EVENTS):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    about = [json.loads((tmp_path / out / "metadata.json").read_text()) for out in ("undisturbed", "killed")]
    assert about[0]["warnings"] == about[1]["warnings"]
    assert not (tmp_path / "killed" / WORKING).exists()

"""Long recordings on disk: their content, and the same frames every time."""

from __future__ import annotations

import json
import re
import shutil
import warnings
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.synthesis import make_videos
from merlab.synthesis.recording_set import RecordingSet
from tests.synthesis.folders import digests

# Those of the shared recording.
SETTINGS: dict[str, Any] = {"subjects": 1, "minutes": 4 / 60, "events": 15, "seed": 0, "jobs": 1}
SHORT: dict[str, Any] = {"minutes": 0.002, "events": 0, "seed": 3}


@pytest.fixture(scope="module")
def root(synthetic_recording):
    return synthetic_recording


@pytest.fixture(scope="module")
def short_avi(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp("videos") / "avi", subjects=1, jobs=1, **SHORT)


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """Recordings of two subjects, made in this process; they are only read."""
    return make_videos(tmp_path_factory.mktemp("videos") / "two", subjects=2, jobs=1, **SHORT)


class TestWhatIsWritten:
    @pytest.mark.slow
    def test_a_video_of_the_stated_length_size_and_frame_rate(self, root):
        frames = open_frames(root / "SYNTHETIC_videos" / "SYNTHETIC_sub01.avi")
        assert frames.fps == 200.0
        assert len(frames.numbers) == 800
        assert frames.read(1).shape == (282, 231, 3)

    @pytest.mark.slow
    def test_the_truth_as_a_table_and_as_a_manifest(self, root):
        row = pd.read_csv(root / "SYNTHETIC_events.csv").iloc[0]
        manifest = json.loads((root / "SYNTHETIC_manifest.json").read_text())
        # PyAV encodes the videos.
        assert {"merlab", "numpy", "opencv", "pyav"} <= manifest["versions"].keys()
        recording = manifest["recordings"][0]
        event = recording["events"][0]
        assert (row["video"], row["subject"]) == ("SYNTHETIC_sub01.avi", "sub01")
        assert [row[name] for name in ("onset", "apex", "offset")] == [
            event[name] for name in ("onset", "apex", "offset")
        ]
        assert row["apex_s"] == event["apex_s"] == pytest.approx((event["apex"] - 1) / 200)
        assert row["kind"] == event["kind"] == "micro"
        lengths = pd.read_csv(root / "SYNTHETIC_videos.csv").iloc[0]
        assert tuple(lengths[["video", "frames", "fps", "seconds"]]) == ("SYNTHETIC_sub01.avi", 800, 200, 4)
        assert not (root / "SYNTHETIC_distractions.csv").exists()
        assert recording["frames"] == 800
        assert event["action_units"][0].keys() == {"number", "side", "intensity"}

    @pytest.mark.slow
    def test_the_face_moves_at_the_apex(self, root):
        row = pd.read_csv(root / "SYNTHETIC_events.csv").iloc[0]
        plan = RecordingSet(root, 1, 4 / 60, 15, "default", 0, False, "avi").plan(0)
        moving = {key for key, values in plan.events[0].activity.items() if np.abs(values).max() > 0.1}
        block = plan.block(0)
        assert {key for key in moving if abs(block.activity[key][row["apex"] - 1]) > 0.1}

    @pytest.mark.slow
    def test_all_files_are_marked_synthetic(self, root):
        assert all("SYNTHETIC" in path.name for path in root.rglob("*") if path.name != "README.txt")
        assert "SYNTHETIC" in (root / "README.txt").read_text()

    @pytest.mark.slow
    @pytest.mark.parametrize("video_format", ["frames", "mp4"])
    def test_other_formats_hold_the_same_frames(self, short_avi, tmp_path, video_format):
        names = {"frames": "SYNTHETIC_sub01", "mp4": "SYNTHETIC_sub01.mp4", "avi": "SYNTHETIC_sub01.avi"}
        made = make_videos(tmp_path / "made", subjects=1, video_format=video_format, jobs=1, **SHORT)
        images = {
            each: [image for _, image in open_frames(root / "SYNTHETIC_videos" / names[each])]
            for each, root in (("avi", short_avi), (video_format, made))
        }
        assert len(images["avi"]) == len(images[video_format]) == 24
        for one, other in zip(images["avi"], images[video_format], strict=True):
            assert np.abs(one.astype(float) - other[:, :231]).mean() < 5

    @pytest.mark.slow
    def test_raw_adds_the_camera_view_of_the_same_face(self, tmp_path):
        root = make_videos(tmp_path / "raw", subjects=1, raw=True, jobs=1, **SHORT)
        views = [next(iter(open_frames(root / folder / "SYNTHETIC_sub01.avi")))[1] for folder in
                 ("SYNTHETIC_videos", "SYNTHETIC_raw_videos")]  # fmt: skip
        inside = cv2.cvtColor(views[1][140 : 140 + 282, 205 : 205 + 231], cv2.COLOR_BGR2GRAY)
        crop = cv2.cvtColor(views[0], cv2.COLOR_BGR2GRAY)
        assert views[1].shape == (480, 640, 3)
        assert np.abs(inside.astype(float) - crop).mean() < 4


class TestSameBytes:
    @pytest.mark.slow
    def test_where_the_folder_is_a_text_and_progress_is_a_choice(self, short_avi):
        for progress in (True, False):
            assert make_videos(str(short_avi), subjects=1, jobs=1, **SHORT, progress=progress) == short_avi

    @pytest.mark.slow
    def test_only_missing_recordings_are_rendered_again(self, of_two, tmp_path):
        root, whole = tmp_path / "videos", digests(of_two)
        shutil.copytree(of_two, root)
        kept = (root / "SYNTHETIC_videos" / "SYNTHETIC_sub01.avi").stat().st_mtime_ns
        (root / "SYNTHETIC_videos" / "SYNTHETIC_sub02.avi").unlink()
        assert digests(make_videos(root, subjects=2, jobs=1, **SHORT)) == whole
        assert (root / "SYNTHETIC_videos" / "SYNTHETIC_sub01.avi").stat().st_mtime_ns == kept

    @pytest.mark.slow
    @pytest.mark.usefixtures("prepared_processes")
    def test_for_any_number_of_processes(self, of_two, tmp_path):
        assert digests(make_videos(tmp_path / "together", subjects=2, jobs=2, **SHORT)) == digests(of_two)

    @pytest.mark.slow
    def test_of_a_conversation_at_another_frame_rate(self, tmp_path):
        settings: dict[str, Any] = {
            "subjects": 1,
            "minutes": 0.1,
            "events": 0,
            "preset": "conversation",
            "seed": 6,
            "fps": 30,
        }
        once, again = (make_videos(tmp_path / name, video_format="mp4", jobs=1, **settings) for name in ("a", "b"))
        assert digests(once) == digests(again)
        frames = open_frames(once / "SYNTHETIC_videos" / "SYNTHETIC_sub01.mp4")
        assert (frames.fps, len(frames.numbers)) == (30.0, 180)
        assert pd.read_csv(once / "SYNTHETIC_distractions.csv")["kind"].tolist() == ["hand"]

    @pytest.mark.slow
    @pytest.mark.parametrize("lost", ["SYNTHETIC_events.csv", "SYNTHETIC_videos.csv", "README.txt"])
    def test_a_table_that_was_removed_is_written_again(self, of_two, tmp_path, lost):
        copy = shutil.copytree(of_two, tmp_path / "copy")
        (copy / lost).unlink()
        assert digests(make_videos(copy, subjects=2, jobs=1, **SHORT)) == digests(of_two)

    @pytest.mark.slow
    def test_frames_that_were_removed_are_written_again(self, tmp_path):
        settings = {**SHORT, "minutes": 0.01, "subjects": 1, "video_format": "frames"}
        made = make_videos(tmp_path / "videos", jobs=1, **settings)
        before = digests(made)
        next(made.rglob("*.jpg")).unlink()
        make_videos(made, jobs=1, **settings)
        assert digests(made) == before

    @pytest.mark.slow
    def test_an_interruption_leaves_no_incomplete_video(self, tmp_path):
        def interrupt(done, total, what, /):
            if done:
                raise KeyboardInterrupt

        settings = {**SHORT, "minutes": 0.07, "fps": 30}
        with pytest.raises(KeyboardInterrupt):
            make_videos(tmp_path / "videos", subjects=1, jobs=1, progress=interrupt, **settings)
        assert list((tmp_path / "videos" / "SYNTHETIC_videos").iterdir()) == []


class TestRecordingsWithoutAnEvent:
    """8 micro-expressions per minute are .24 in 1.8 s."""

    @pytest.fixture(autouse=True)
    def _write_nothing(self, monkeypatch):
        monkeypatch.setattr("merlab.synthesis.recording_writing._write", lambda *_: None)

    def test_are_named_where_events_were_requested(self, tmp_path):
        with pytest.warns(UserWarning, match=r"will show no micro-expression: 8 per minute are 0\.24 per recording"):
            make_videos(tmp_path / "out", subjects=1, minutes=0.03)

    @pytest.mark.parametrize("wanted", [{"events": 0}, {"preset": "null"}, {"minutes": 0.1}])
    def test_are_not_named_where_none_was_or_where_there_are_some(self, tmp_path, wanted):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make_videos(tmp_path / "out", **{"subjects": 1, "minutes": 0.03, **wanted})


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"subjects": 0}, "subjects must be a whole number from 1 to 1000000, got 0"),
            ({"minutes": 0}, "minutes must be above 0, and at most 1440, got 0"),
            ({"minutes": float("inf")}, "minutes must be above 0, and at most 1440, got inf"),
            ({"events": -1}, "events must be 0 or more, got -1"),
            ({"events": float("nan")}, "events must be 0 or more, got nan"),
            ({"events": 1e300}, "do not fit into"),
            ({"events": 40}, "do not fit into"),
            # Those of the first subject fit, those of the second last longer.
            ({"subjects": 2, "minutes": 1055 / 12000, "events": 24000 / 1055}, "2 movements with 1.5 s"),
            ({"minutes": 0.05, "events": 20}, "1 movement with 1.5 s of neutral face before and after each does not"),
            ({"minutes": 11}, "an AVI file holds at most 4 GB, about 10.2 minutes of this view; choose the format"),
            ({"minutes": 3, "raw": True}, "about 2.2 minutes of this view"),
            ({"preset": "huge"}, "unknown preset 'huge'"),
            ({"subjects": 2.5}, "subjects must be a whole number from 1 to 1000000, got 2.5"),
            ({"minutes": "1"}, "minutes must be above 0, and at most 1440, got '1'"),
            ({"events": "8"}, "events must be 0 or more, got '8'"),
            ({"seed": None}, "seed must be a whole number from 0 up, got None"),
            ({"raw": 1}, "raw must be True or False, got 1"),
            ({"video_format": ["avi"]}, "unknown format"),
            ({"fps": "200"}, "fps must be one of 30, 60, 100, 200, got '200'"),
            ({"megabits": "2", "video_format": "mp4"}, "megabits must be between 0.1 and 100, got '2'"),
            ({"jobs": -1}, "jobs must be a whole number from 1 up, or None for one per core, got -1"),
            ({"fps": 50}, "fps must be one of 30, 60, 100, 200, got 50"),
            ({"megabits": 2}, "megabits is the rate of an mp4 file, but the format is avi; choose the format mp4"),
            ({"megabits": 0, "video_format": "mp4"}, "megabits must be between 0.1 and 100, got 0"),
            ({"video_format": "gif"}, "unknown format 'gif'; formats are avi, mp4, frames"),
        ],
    )
    def test_invalid_settings_are_refused_before_anything_is_written(self, tmp_path, settings, words):
        with pytest.raises(MerlabError, match=re.escape(words)):
            make_videos(tmp_path / "out", **settings)
        assert not (tmp_path / "out").exists()

    def test_an_output_that_is_no_path_is_refused(self):
        with pytest.raises(MerlabError, match="out must be a path"):
            make_videos(None)  # type: ignore[arg-type]

    @pytest.mark.slow
    def test_recordings_with_other_settings_are_not_changed(self, root):
        with pytest.raises(MerlabError, match="--seed 0 -> 1"):
            make_videos(root, **{**SETTINGS, "seed": 1})

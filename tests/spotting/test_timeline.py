"""From a video on disk to its timeline on disk."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from merlab.coding.codable_result import read_codable
from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError, Stopped
from merlab.frames import write_image
from merlab.json_models import write_model
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import KEPT
from merlab.progress import silent
from merlab.spotting import kept_places, spot_video
from merlab.spotting.comparison.measured_recording import measured_recording
from merlab.spotting.comparison.own import OWN
from merlab.spotting.motion import MEASURED, FaceMotion
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_video import spot
from merlab.spotting.timeline import METADATA, read_timeline
from tests.helpers import files_in
from tests.videos.recording import FPS, MOVEMENTS, moving_face, write_avi

ONSET, APEX, OFFSET = MOVEMENTS[0]


@pytest.fixture(scope="module")
def frames():
    """6 s at 50 frames per second in which the left corner of the mouth rises once, under sensor noise."""
    return moving_face(300)


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory):
    return write_avi(tmp_path_factory.mktemp("video") / "face.avi", frames)


@pytest.fixture(scope="module")
def folder(frames, tmp_path_factory):
    """The same as images, numbered from 46."""
    path = tmp_path_factory.mktemp("folder") / "frames"
    path.mkdir()
    for number, frame in enumerate(frames, start=46):
        cv2.imwrite(str(path / f"reg_img{number}.png"), frame)
    return path


@pytest.fixture(scope="module")
def line(video, tmp_path_factory):
    return spot(video, tmp_path_factory.mktemp("out") / "face.avi")


class TestTimeline:
    def test_holds_the_one_movement_in_frames_and_seconds(self, line):
        events = pd.read_csv(line.folder / "events.csv")
        assert len(events) == 1
        event = events.iloc[0]
        assert event["video"] == "face.avi"
        assert event["part"] == "mouth, left"
        moments = event[["onset", "apex", "offset"]].tolist()
        assert moments == pytest.approx([ONSET + 1, APEX + 1, OFFSET + 1], abs=4)
        assert event["apex_s"] == pytest.approx((event["apex"] - 1) / FPS)
        assert event["duration_s"] == pytest.approx((event["offset"] - event["onset"]) / FPS)

    @pytest.mark.slow
    def test_a_link_to_a_video_has_its_own_name_in_all_that_is_said_of_it(self, video, line, tmp_path):
        (tmp_path / "P01.avi").symlink_to(video)
        own = spot(tmp_path / "P01.avi", tmp_path / "out")
        assert own.events["video"].tolist() == [own.video] == ["P01.avi"]
        assert read_timeline(own.folder).video == read_codable(own.folder).video == "P01.avi"
        assert line.video == "face.avi"

    def test_scores_have_one_row_per_frame(self, line):
        scores = pd.read_csv(line.folder / "scores.csv")
        assert scores["frame"].tolist() == list(range(1, 301))
        assert scores["time_s"].iloc[-1] == pytest.approx(299 / FPS)
        assert abs(int(scores["score"].to_numpy().argmax()) - APEX) <= 2

    def test_a_low_frame_rate_and_a_short_video_give_warnings(self, line):
        assert any("50 frames per second" in warning for warning in line.warnings)
        assert any("only 6.0 s" in warning for warning in line.warnings)

    @pytest.mark.slow
    def test_a_folder_gives_the_same_with_the_numbers_of_its_files(self, folder, line, tmp_path):
        event = spot(folder, tmp_path / "out", fps=FPS).events.iloc[0]
        assert event["apex"] == pytest.approx(line.events.iloc[0]["apex"] + 45, abs=1)
        assert event["apex_s"] == pytest.approx(line.events.iloc[0]["apex_s"], abs=1 / FPS)

    def test_what_was_just_made_equals_what_is_read_from_its_files(self, line):
        stored = read_timeline(line.folder)
        assert stored.metadata == line.metadata
        assert stored.rows == line.rows
        pd.testing.assert_frame_equal(stored.scores, line.scores, check_exact=True)
        read = pd.read_csv(line.folder / "scores.csv")
        pd.testing.assert_frame_equal(read, line.scores, check_exact=True)

    def test_a_result_of_an_earlier_version_has_the_name_of_its_file(self, line):
        earlier = replace(line, metadata=line.metadata.model_copy(update={"name": ""}))
        assert earlier.video == "face.avi"


class TestDisplay:
    def test_weak_candidates_are_counted_apart(self, line):
        both = replace(line, weak_rows=line.rows * 2)
        assert repr(both).splitlines()[0] == "Timeline of face.avi: 6.0 s, 1 movement, 2 weak candidates"
        assert both.weak["onset"].tolist() == [line.rows[0].onset] * 2

    def test_the_repr_is_short_and_says_what_was_found(self, line):
        assert repr(line).splitlines()[0] == "Timeline of face.avi: 6.0 s, 1 movement"
        assert len(repr(line).splitlines()) <= 3

    def test_html_has_the_events_and_the_warnings(self, line):
        html = line._repr_html_()
        assert "Timeline of face.avi" in html
        assert f"<td>{line.events['apex'].iloc[0]}</td>" in html
        assert "50 frames per second" in html

    def test_the_figure_has_the_score_the_threshold_and_the_movement(self, line):
        (axes,) = line.plot().axes
        score, threshold = axes.lines[0].get_ydata(), axes.lines[2].get_ydata()
        assert np.array_equal(score, line.scores["score"])
        assert np.array_equal(threshold, line.scores["threshold"])
        (shade,) = axes.patches
        assert shade.get_x() == line.rows[0].onset_s


@pytest.fixture
def measured(monkeypatch):
    """The frames in which the displacement of the blocks is measured."""
    frames: list[int] = []
    measure = FaceMotion.__call__

    def note(motion, frame):
        frames.append(len(frames))
        return measure(motion, frame)

    monkeypatch.setattr(FaceMotion, "__call__", note)
    return frames


@pytest.fixture
def copy(line, tmp_path):
    """A copy of the result, which may be changed."""
    return Path(shutil.copytree(line.folder, tmp_path / "copy"))


def interrupt(done, total, what, /):
    raise KeyboardInterrupt


STRICT = SpottingSettings(floor=1000.0)


class TestStored:
    def test_a_finished_result_is_reloaded(self, video, line, monkeypatch):
        monkeypatch.setattr(spot_video, "only_writer", None)
        assert spot(video, line.folder).events.equals(line.events)

    def test_a_finished_result_of_other_libraries_is_reloaded_with_a_warning(self, video, line, monkeypatch):
        others = {"opencv": cv2.__version__, "numpy": "9.9", "pyav": "9"}
        monkeypatch.setattr(spot_video, "computing_versions", lambda: others)
        was = (
            f"it was made with numpy {np.__version__}, .*; it was made with pyav {av.__version__}, and this is pyav 9; "
        )
        with pytest.warns(UserWarning, match=f"is loaded as it is, although {was}"):
            assert spot(video, line.folder).events.equals(line.events)

    def test_a_finished_result_that_does_not_state_pyav_is_reloaded_with_a_warning(self, video, line):
        """As merlab wrote it before."""
        metadata = line.metadata.model_copy(update={"versions": {"opencv": cv2.__version__, "numpy": np.__version__}})
        write_model(line.folder / METADATA, metadata)
        try:
            with pytest.warns(
                UserWarning, match="as it is, although it does not state pyav, and pyav .* is used now; add"
            ):
                assert spot(video, line.folder).events.equals(line.events)
        finally:
            write_model(line.folder / METADATA, line.metadata)

    def test_other_settings_are_refused_with_what_changed_and_the_remedy(self, video, line):
        with pytest.raises(MerlabError, match=r"spot` of other settings: --floor 5 -> 1000\. Add --again"):
            spot(video, line.folder, settings=STRICT)
        assert len(pd.read_csv(line.folder / "events.csv")) == 1

    @pytest.mark.slow
    def test_a_result_whose_movements_were_measured_in_another_way_is_refused_and_measured_anew(
        self, video, line, copy, measured, monkeypatch
    ):
        monkeypatch.setattr(spot_video, "MEASURED", MEASURED + 1)
        with pytest.raises(MerlabError, match="made by a merlab that measured movements in another way.*--again"):
            spot(video, copy)
        assert spot(video, copy, again=True).scores.equals(line.scores)
        assert len(measured) == len(line.scores)

    @pytest.mark.slow
    def test_images_that_were_overwritten_are_refused_and_measured_anew(self, folder, tmp_path):
        images, out = Path(shutil.copytree(folder, tmp_path / "images")), tmp_path / "out"
        assert len(spot(images, out, fps=FPS).events) == 1
        first, *others = sorted(images.iterdir())
        for other in others:
            other.write_bytes(first.read_bytes())
        with pytest.raises(MerlabError, match="has changed"):
            spot(images, out, fps=FPS)
        assert len(spot(images, out, fps=FPS, again=True).events) == 0

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "settings", [STRICT, SpottingSettings(floor=0.5, p=0.5), SpottingSettings(longest=2.0, window=3.0)]
    )
    def test_other_settings_replace_it_when_requested_without_measuring_again(
        self, video, copy, tmp_path, measured, settings
    ):
        spot(video, copy, settings=settings, again=True)
        assert measured == []
        spot(video, tmp_path / "new", settings=settings)
        assert len(measured) == 300
        assert files_in(copy) == files_in(tmp_path / "new")

    @pytest.mark.slow
    def test_what_other_libraries_measured_is_measured_again(self, video, copy, measured, monkeypatch):
        monkeypatch.setattr("merlab.spotting.spot_video.computing_versions", lambda: {"opencv": "1"})
        spot(video, copy, again=True)
        assert len(measured) == 300

    @pytest.mark.slow
    def test_what_is_kept_is_made_anew_where_it_is_damaged(self, video, line, copy, measured):
        file = copy / KEPT / "00000.npz"
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        with pytest.warns(UserWarning, match=r"00000\.npz is damaged"):
            spot(video, copy, again=True)
        assert len(measured) == 300
        assert files_in(copy) == files_in(line.folder)

    @pytest.mark.slow
    def test_without_a_folder_it_gets_the_name_of_the_video(self, video, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert spot(str(video)).folder == Path("merlab-spotted/face.avi")
        assert (tmp_path / "merlab-spotted" / "face.avi" / "spotting.json").is_file()

    @pytest.mark.slow
    def test_an_early_interruption_leaves_nothing(self, video, tmp_path):
        with pytest.raises(Stopped, match="nothing was finished that could be kept"):
            spot(video, tmp_path / "out", progress=interrupt)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    def test_an_interruption_keeps_what_was_measured(self, video, line, tmp_path, measured, monkeypatch):
        monkeypatch.setattr(kept_places, "FRAMES_PER_FILE", 40)
        with pytest.raises(Stopped, match="the movements measured until now are kept in"):
            spot(video, tmp_path / "out", progress=interrupt)
        assert len(list((tmp_path / "out" / KEPT).glob("[0-9]*.npz"))) == 2
        measured.clear()
        assert spot(video, tmp_path / "out").rows == line.rows
        assert len(measured) == 300 - 80

    @pytest.mark.slow
    def test_a_video_that_is_replaced_while_it_is_read_leaves_no_result(self, video, tmp_path, monkeypatch):
        monkeypatch.setattr(kept_places, "FRAMES_PER_FILE", 40)
        own = Path(shutil.copy(video, tmp_path / "own.avi"))
        with pytest.raises(MerlabError, match="was changed while it was read"):
            spot(own, tmp_path / "out", progress=lambda done, total, what: os.utime(own, (1, 1)))
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_a_video_that_is_still_written_is_refused_at_once(self, video, tmp_path):
        own, shown = Path(shutil.copy(video, tmp_path / "own.avi")), []

        def touch(done, total, what, /):
            shown.append(done)
            os.utime(own, (1, 1))

        with pytest.raises(MerlabError, match="was changed while it was read"):
            spot(own, tmp_path / "out", progress=touch)
        assert len(shown) == 1

    @pytest.mark.slow
    def test_an_interruption_leaves_the_old_result(self, video, copy, line):
        slower = SpottingSettings(longest=0.7)
        with pytest.raises(Stopped):
            spot(video, copy, fps=40.0, settings=slower, again=True, progress=interrupt)
        assert read_timeline(copy).rows == line.rows
        assert spot(video, copy).rows == line.rows
        assert spot(video, copy, fps=40.0, settings=slower, again=True).metadata.fps == 40.0


@pytest.mark.slow
def test_frames_that_a_camera_dropped_leave_a_gap_of_time(folder, line, tmp_path):
    """As in CAS(ME)^3: single ones, also within the movement, and ten in a row, which are a gap."""
    dropped = {ONSET + 48, APEX + 50, *range(280, 290)}
    numbers = [number for number in range(46, 346) if number not in dropped]
    (tmp_path / "a").mkdir()
    for number in numbers:
        os.link(folder / f"reg_img{number}.png", tmp_path / "a" / f"{number}.png")
    found = spot(tmp_path / "a", tmp_path / "out", fps=FPS)
    moments = found.events[["onset", "apex", "offset"]].to_numpy()
    assert moments == pytest.approx(line.events[["onset", "apex", "offset"]].to_numpy() + 45, abs=3)
    assert found.events["onset_s"].to_numpy() == pytest.approx((moments[:, 0] - 46) / FPS, abs=1e-5)
    assert found.scores["frame"].tolist() == numbers
    assert [(gap.frame, gap.missing_s) for gap in found.metadata.gaps] == [(290, 10 / FPS)]
    assert any("the folder contains frames 46..345, 12 missing between: " in text for text in found.warnings)
    assert not any("time stamps" in text for text in found.warnings)

    # Among comparison methods, missing frames show the one before; merlab's own spotter leaves them out again.
    video = LongVideo("", "", "a", tmp_path / "a", FPS, 300, ())
    material = measured_recording(video, [], tmp_path / "kept", silent, places=True, aligned=True)
    assert (material.frames, material.missing, len(list(material.places()))) == (300, 12, 300)
    assert [(each.onset, each.apex, each.offset) for each in OWN.spot(material)] == list(map(tuple, moments.tolist()))


class TestRefusals:
    def test_a_folder_that_another_process_writes(self, video, tmp_path):
        refused = pytest.raises(MerlabError, match="out is being written by process")
        with only_writer(tmp_path / "out"), refused:
            spot(video, tmp_path / "out")

    @pytest.mark.slow
    def test_a_folder_without_a_frame_rate(self, folder, tmp_path):
        with pytest.raises(MerlabError, match="does not state its frame rate; give --fps"):
            spot(folder, tmp_path / "out")

    def test_a_folder_that_lacks_half_of_its_frames(self, tmp_path):
        """Every second frame, or one that is numbered by its date."""
        for numbers in ((46, 48, 50), (*range(1, 51), 20261129)):
            for number in numbers:
                write_image(tmp_path / str(len(numbers)) / f"{number}.png", np.zeros((4, 4, 3), np.uint8))
            with pytest.raises(MerlabError, match=r"missing between: .*; a camera that drops so many frames shows no"):
                spot(tmp_path / str(len(numbers)), tmp_path / "out", fps=FPS)
        assert not (tmp_path / "out").exists()

    def test_frames_that_are_not_aligned_faces(self, tmp_path):
        wide = tmp_path / "wide"
        wide.mkdir()
        cv2.imwrite(str(wide / "img1.png"), np.zeros((480, 640, 3), np.uint8))
        with pytest.raises(
            MerlabError, match="640x480 pixels, which are not aligned faces: .* `merlab recognize` without --aligned"
        ):
            spot(wide, tmp_path / "out", fps=FPS)

    def test_images_of_two_sizes(self, tmp_path):
        for number, size in enumerate([(231, 282)] * 3 + [(462, 564)], start=7):
            write_image(tmp_path / "face" / f"{number}.png", np.zeros((*size[::-1], 3), np.uint8))
        with pytest.raises(MerlabError, match="frame 10 has 462x564 pixels, those before 231x282; .* of each size on"):
            spot(tmp_path / "face", tmp_path / "out", fps=FPS)
        assert not (tmp_path / "out").exists()

    def test_a_folder_without_frames(self, tmp_path):
        # A folder that is named like an image cannot be renamed as one.
        (tmp_path / "empty" / "1.png").mkdir(parents=True)
        with pytest.raises(MerlabError, match="contains neither videos nor images .*, or the path of a video$"):
            spot(tmp_path / "empty", tmp_path / "out", fps=FPS)

    @pytest.mark.parametrize("name", ["frame (1).jpg", "a.JPG"])
    def test_images_whose_names_do_not_end_with_a_number(self, tmp_path, name):
        (tmp_path / name).touch()
        with pytest.raises(MerlabError, match=rf"rename images such as {re.escape(name)} in their order: frame1, fra"):
            spot(tmp_path, tmp_path / "out", fps=FPS)

    def test_a_folder_of_videos(self, tmp_path):
        (tmp_path / "videos").mkdir()
        (tmp_path / "videos" / "a.avi").touch()
        with pytest.raises(MerlabError, match=r"is a folder of videos; give the path of one, such as .*a\.avi"):
            spot(tmp_path / "videos", tmp_path / "out", fps=FPS)

    def test_a_frame_rate_out_of_range(self, video, tmp_path):
        with pytest.raises(MerlabError, match="-1 is not a frame rate"):
            spot(video, tmp_path / "out", fps=-1)

    def test_a_result_folder_of_something_else(self, video, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(MerlabError, match="contains no results of `merlab spot`"):
            spot(video, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source": 3}, "source must be a path"),
        ({"source": ""}, "source must be a path"),
        ({"out": ""}, "out must be a path"),
        ({"settings": {"floor": 5}}, "settings must be a SpottingSettings .*spotting_settings makes one"),
        ({"again": "no"}, "again must be True or False"),
        ({"fps": "25"}, "'25' is not a frame rate"),
    ],
)
def test_values_of_a_wrong_type_are_refused_by_the_name_of_the_argument(tmp_path, changed, message):
    for number in (1, 2):
        write_image(tmp_path / "frames" / f"{number}.png", np.zeros((8, 8, 3), np.uint8))
    given = {"source": tmp_path / "frames", "out": tmp_path / "out", "fps": 50, "settings": None, "again": False}
    with pytest.raises(MerlabError, match=message):
        spot(**{**given, **changed})
    assert not (tmp_path / "out").exists()


def test_a_folder_of_images_and_videos_is_refused(video, tmp_path):
    write_image(tmp_path / "frames" / "1.png", np.zeros((8, 8, 3), np.uint8))
    shutil.copy(video, tmp_path / "frames" / "a.mp4")
    with pytest.raises(MerlabError, match=r"both images with numbers \(1\.png\) and videos \(a\.mp4\)"):
        spot(tmp_path / "frames", tmp_path / "out", fps=50)

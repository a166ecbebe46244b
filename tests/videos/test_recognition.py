"""From a video to its result; on textures that move like faces."""

from __future__ import annotations

import gc
import inspect
import multiprocessing
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import scipy

from merlab.errors import MerlabError, Stopped
from merlab.frames import ClipError, open_frames, read_image
from merlab.inputs import from_frames
from merlab.outputs import checkpoints
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import KEPT, WORKING
from merlab.spotting.motion import MEASURED
from merlab.spotting.motion_score import ScoreSettings
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.video_sources import videos_in
from merlab.videos import making, recognition
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.division import Division
from merlab.videos.frame_table import HEADER
from merlab.videos.metadata import FollowedFace
from merlab.videos.options import RecognizeOptions
from merlab.videos.recognition import recognize, recognize_each
from merlab.videos.result import ELAN, read_video_result
from merlab.videos.rows import event_rows
from merlab.videos.words import WordSettings
from tests.videos.fake_result import fake_metadata
from tests.videos.folder_content import content
from tests.videos.recognizers import small_recognizer
from tests.videos.recording import FPS, MOVEMENTS, moving_face, write_avi


@pytest.fixture(scope="module")
def frames():
    """12 s, three movements."""
    return moving_face(600)


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory):
    return write_avi(tmp_path_factory.mktemp("video") / "face.avi", frames)


@pytest.fixture(scope="module")
def look(weights):
    """``look(video, out, ...)``: aligned faces, in three chunks of 4 s."""

    def recognized(video, out, function=recognize, **changes):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recognition, "CHUNK_SECONDS", 4.0)
            given = {"aligned": True, "weights": weights, "overlay": False, "progress": False}
            return function(video, out, **(given | changes))

    return recognized


@pytest.fixture(scope="module")
def result(video, look, tmp_path_factory):
    return look(video, tmp_path_factory.mktemp("out") / "face")


class TestResult:
    def test_events_are_the_movements_in_frames_and_seconds(self, result):
        events = result.events
        assert events.columns.tolist()[: len(event_rows(()).names)] == list(event_rows(()).names)
        moments = events[["onset", "apex", "offset"]].to_numpy()
        assert moments == pytest.approx(np.array(MOVEMENTS) + 1, abs=4)
        assert events["apex_s"].to_numpy() == pytest.approx((events["apex"] - 1) / FPS)
        assert events["event"].tolist() == ["e0001", "e0002", "e0003"]
        assert set(events["part"]) == {"mouth, left"}

    def test_events_have_probabilities_of_all_classes_and_what_moved(self, result):
        events = result.events
        chances = events[["p_negative", "p_positive", "p_surprise"]]
        assert chances.sum(axis=1).to_numpy() == pytest.approx(1, abs=2e-4)
        assert events["probability"].to_numpy() == pytest.approx(chances.max(axis=1).to_numpy())
        assert all(text.startswith("mouth, left") for text in events["regions"])

    def test_pictures_of_an_event_are_the_aligned_faces_at_onset_and_apex(self, result, frames):
        event = result.events.iloc[0]
        apex = read_image(result.evidence(event["event"]) / "apex.png")
        assert np.abs(apex.astype(float) - frames[event["apex"] - 1]).mean() < 3

    def test_every_frame_has_one_row(self, result):
        frames = result.frames
        assert frames.columns.tolist() == list(HEADER)
        assert frames["frame"].tolist() == list(range(1, 601))
        assert frames["time_s"].iloc[-1] == pytest.approx(599 / FPS)
        assert set(frames["face_id"]) == {0}
        assert frames["score"].notna().all()

    def test_metadata_describes_the_video_the_model_and_the_faces(self, result, video):
        about = result.metadata
        assert about.video.name == video.name
        assert (about.video.fps, about.video.frames, about.video.width) == (FPS, 600, 231)
        assert about.model.stamps == ("SYNTHETIC",)
        assert len(about.model.digest) == 64
        assert about.faces == (FollowedFace(face_id=0, first=1, last=600, frames=600),)

    def test_what_was_just_made_equals_what_is_read_from_its_files(self, result):
        stored = read_video_result(result.folder)
        assert stored.metadata == result.metadata
        assert stored.rows == result.rows
        pd.testing.assert_frame_equal(stored.frames, result.frames, check_exact=True)
        pd.testing.assert_frame_equal(stored.events, result.events, check_exact=True)

    def test_the_tables_are_what_any_other_reader_of_csv_sees(self, result):
        for table, path in ((result.events, result.files.events), (result.frames, result.files.frames)):
            # Pandas reads empty cells of text as missing.
            texts = table.columns[[pd.api.types.is_string_dtype(kind) for kind in table.dtypes]]
            read = pd.read_csv(path, dtype=dict.fromkeys(texts, str)).fillna(dict.fromkeys(texts, ""))
            read = read.astype(table.dtypes)
            pd.testing.assert_frame_equal(read, table, check_exact=True)

    def test_files_are_those_in_the_folder(self, result):
        files = {path for path in vars(result.files).values() if path}
        assert files == {path for path in result.folder.iterdir() if path.is_file()}
        assert result.files.overlay is None

    def test_the_elan_file_is_linked_to_the_video(self, result, video):
        assert video.name in (result.folder / ELAN).read_text()

    def test_a_low_frame_rate_gives_a_warning(self, result):
        assert any("50 frames per second" in warning for warning in result.warnings)

    @pytest.mark.slow
    def test_a_class_below_the_requested_probability_is_empty(self, video, look, copy):
        events = look(video, copy, again=True, unsure_below=1.0).events
        assert events["class"].tolist() == [""] * 3
        assert (events["probability"] < 1).all()

    @pytest.mark.slow
    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files there")
    def test_the_video_is_closed_when_the_result_is_there(self, video, look, copy):
        gc.disable()
        try:
            look(video, copy, again=True, unsure_below=0.9)
            assert video not in [link.resolve() for link in Path("/proc/self/fd").iterdir()]
        finally:
            gc.enable()

    @pytest.mark.slow
    def test_in_a_worker_of_a_pool_it_is_made_without_other_processes(self, video, look, result, tmp_path, monkeypatch):
        monkeypatch.setitem(vars(multiprocessing.current_process())["_config"], "daemon", True)
        made = look(video, tmp_path / "face", jobs=2)
        pd.testing.assert_frame_equal(made.events, result.events, check_exact=True)

    @pytest.mark.slow
    def test_images_give_the_same_with_the_numbers_of_their_files(self, frames, result, look, tmp_path):
        folder = tmp_path / "frames"
        folder.mkdir()
        for number, frame in enumerate(frames[:300], start=46):
            cv2.imwrite(str(folder / f"img{number}.png"), frame)
        images = look(folder, tmp_path / "out", fps=FPS)
        assert images.events["apex"].tolist() == pytest.approx([result.events["apex"].iloc[0] + 45], abs=1)
        assert images.events["apex_s"].iloc[0] == pytest.approx(result.events["apex_s"].iloc[0], abs=1 / FPS)
        assert images.frames["frame"].iloc[0] == 46


class TestResuming:
    @pytest.mark.slow
    def test_interrupted_work_is_resumed_to_the_same_result(self, video, look, result, tmp_path, pushed):
        with pytest.raises(Stopped, match="the faces found until now are kept in"):
            look(video, tmp_path / "out", progress=stop_after(470))
        pushed.clear()
        look(video, tmp_path / "out")
        assert {index for index, _ in pushed} == {2}
        assert content(tmp_path / "out") == content(result.folder)
        assert not (tmp_path / "out" / WORKING).exists()

    def test_stopped_before_a_face_was_found_leaves_nothing(self, video, look, tmp_path, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(making, "_fill", stop)
        with pytest.raises(Stopped, match="nothing was finished that could be kept"):
            look(video, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_finished_result_is_reloaded(self, video, look, result, monkeypatch, recwarn):
        monkeypatch.setattr(recognition, "only_writer", None)
        assert look(video, result.folder).events.equals(result.events)
        assert [str(each.message) for each in recwarn] == []

    def test_a_finished_result_of_other_libraries_is_reloaded_with_a_warning(self, video, look, result, monkeypatch):
        versions = {**result.metadata.versions, "numpy": "9.9"}
        monkeypatch.setattr(recognition, "made_with", lambda runtime: versions)
        was = f"it was made with numpy {result.metadata.versions['numpy']}, and this is numpy 9.9; add --again"
        with pytest.warns(UserWarning, match=f"is loaded as it is, although {was}"):
            look(video, result.folder)

    def test_a_finished_result_of_pytorch_is_reloaded_where_numpy_would_compute_it(
        self, video, look, result, monkeypatch, recwarn
    ):
        now = result.metadata.model.model_copy(update={"runtime": "numpy"})
        monkeypatch.setattr(recognition, "used_model", lambda *_: now)
        monkeypatch.setattr(recognition, "is_light", lambda *_: True)
        assert look(video, result.folder).metadata.model.runtime == "torch"
        assert [str(each.message) for each in recwarn] == []

    def test_a_finished_result_of_another_runtime_than_the_requested_one_is_refused(self, video, look, result):
        pytest.importorskip("openvino")
        with pytest.raises(MerlabError, match="of other settings: --runtime torch -> openvino"):
            look(video, result.folder, runtime="openvino")

    def test_a_folder_of_something_else_is_left_alone(self, video, look, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(MerlabError, match="contains no results of `merlab recognize`"):
            look(video, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def stop_after(frames):
    """Progress that stops the work, as Ctrl-C does, when more frames than that are finished."""

    def interrupt(done, total, what, /):
        if done > frames:
            raise KeyboardInterrupt

    return interrupt


@pytest.fixture
def pushed(monkeypatch):
    """The chunk and the number of each frame in which faces are searched."""
    frames: list[tuple[int, int]] = []
    push = Chunk.push

    def note(chunk, number, image):
        frames.append((chunk.span.index, number))
        push(chunk, number, image)

    monkeypatch.setattr(Chunk, "push", note)
    return frames


@pytest.fixture
def copy(result, tmp_path):
    """A copy of the result, which may be changed."""
    return Path(shutil.copytree(result.folder, tmp_path / "copy"))


OTHERS = [
    {
        "spotting": SpottingSettings(floor=0.5, score=ScoreSettings(reach=0.3)),
        "unsure_below": 0.0,
        "words": WordSettings(largest_px=1.0),
    },
    pytest.param({"spotting": SpottingSettings(floor=8.0)}, marks=pytest.mark.slow),
    pytest.param({"spotting": SpottingSettings(p=0.5, longest=0.3, shortest=0.1)}, marks=pytest.mark.slow),
]


class TestOtherSettings:
    def test_are_refused_with_what_changed_and_the_remedy(self, video, look, result):
        with pytest.raises(MerlabError, match=r"of other settings: --unsure-below 0\.5 -> 0\.9\. Add --again"):
            look(video, result.folder, unsure_below=0.9)

    def test_a_result_whose_movements_were_measured_in_another_way_is_refused(self, video, look, result, monkeypatch):
        monkeypatch.setattr(recognition, "MEASURED", MEASURED + 1)
        with pytest.raises(MerlabError, match="made by a merlab that measured movements in another way.*--again"):
            look(video, result.folder)

    @pytest.mark.slow
    @pytest.mark.parametrize("changes", OTHERS)
    def test_give_what_a_new_command_gives_without_searching_for_faces(
        self, video, look, copy, tmp_path, pushed, changes
    ):
        look(video, copy, again=True, **changes)
        assert pushed == []
        look(video, tmp_path / "new", **changes)
        assert len(pushed) > 600
        assert content(copy) == content(tmp_path / "new")

    @pytest.mark.slow
    def test_other_weights_need_no_search_either(self, video, look, copy, tmp_path, pushed):
        small_recognizer(temperature=3.0, name="other").save(tmp_path / "other.safetensors")
        with pytest.raises(MerlabError, match=r"another weights file \(--weights\)"):
            look(video, copy, weights=tmp_path / "other.safetensors")
        other = look(video, copy, weights=tmp_path / "other.safetensors", again=True)
        assert other.metadata.model.name == "other"
        assert pushed == []

    @pytest.mark.slow
    def test_that_need_a_wider_margin_search_again_and_replace_what_was_kept(self, video, look, copy, pushed):
        look(video, copy, again=True, spotting=SpottingSettings(longest=2.0))
        assert len(pushed) > 600
        pushed.clear()
        look(video, copy, again=True, spotting=SpottingSettings(longest=1.9))
        assert pushed == []

    @pytest.mark.slow
    @pytest.mark.parametrize(("shorter", "longer"), [(0.3, 0.55), (0.7, 1.0)])
    def test_of_longer_movements_give_the_same_from_what_is_kept_and_anew(
        self, video, look, tmp_path, pushed, shorter, longer
    ):
        look(video, tmp_path / "kept", spotting=SpottingSettings(longest=shorter))
        pushed.clear()
        longer = SpottingSettings(floor=0.5, longest=longer)
        look(video, tmp_path / "kept", again=True, spotting=longer)
        assert pushed == []
        look(video, tmp_path / "new", spotting=longer)
        assert content(tmp_path / "kept") == content(tmp_path / "new")

    @pytest.mark.slow
    def test_an_interruption_leaves_the_old_result_and_is_continued(self, video, look, result, copy, pushed):
        wide = SpottingSettings(longest=1.5)
        with pytest.raises(Stopped):
            look(video, copy, again=True, spotting=wide, progress=stop_after(550))
        assert read_video_result(copy).rows == result.rows
        with pytest.warns(UserWarning, match=r"\.working holds unfinished work of a command with --again"):
            assert look(video, copy).rows == result.rows
        pushed.clear()
        look(video, copy, again=True, spotting=wide)
        assert {index for index, _ in pushed} == {2}

    def test_nothing_is_left_where_again_was_killed_before_long_work(self, video, look, result, copy):
        (copy / WORKING / "result").mkdir(parents=True)
        assert look(video, copy).rows == result.rows
        assert not (copy / WORKING).exists()

    @pytest.mark.slow
    def test_the_same_settings_are_made_again_when_requested(self, video, look, result, copy):
        (copy / "events.csv").write_text("damaged")
        look(video, copy, again=True)
        assert content(copy) == content(result.folder)

    @pytest.mark.slow
    def test_a_smaller_overlay_changes_no_table(self, video, look, result, copy):
        stages: list[str] = []
        look(video, copy, overlay=True, overlay_lines=120, again=True, progress=lambda *step: stages.append(step[2]))
        # What takes long behind the last frame of the overlay is a step of its own.
        assert list(dict.fromkeys(stages))[-3:] == ["writing the result", "drawing the overlay", "writing the report"]
        # Of 231 x 282 px.
        assert open_frames(copy / "overlay.mp4").read(1).shape == (146, 120, 3)
        assert (copy / "frames.csv").read_bytes() == result.files.frames.read_bytes()

    @pytest.mark.slow
    def test_a_file_that_is_no_longer_requested_is_removed(self, video, look, tmp_path):
        made = look(video, tmp_path / "out", overlay=True, save_inputs=True)
        assert (tmp_path / "out" / "overlay.mp4").is_file()
        self.check_inputs(made.evidence("e0001"), made.rows[0])
        look(video, tmp_path / "out", overlay=False, again=True)
        assert not (tmp_path / "out" / "overlay.mp4").exists()
        assert not (made.evidence("e0001") / "inputs.npz").exists()

    @staticmethod
    def check_inputs(folder, event):
        """What was kept is the input of both pictures by the recipe, and what the recognizer gave for it."""
        with np.load(folder / "inputs.npz") as kept:
            onset, apex = (read_image(folder / name) for name in ("onset.png", "apex.png"))
            assert np.array_equal(kept["input"], from_frames(onset, apex, str(kept["recipe"])))
            given = dict(zip(kept["classes"].tolist(), kept["probabilities"].tolist(), strict=True))
        assert given == pytest.approx(dict(event.probabilities), abs=1e-4)


@pytest.mark.slow
def test_the_default_settings_read_the_time_that_they_need_around_a_chunk(video, look, tmp_path, pushed):
    """0.45 s of reach and 0.55 s of the longest micro-expression: scores depend a little on it."""
    look(video, tmp_path / "out")
    margin = round((0.45 + 0.55) * FPS)
    assert [number for index, number in pushed if index == 1] == list(range(201 - margin, 401 + margin))


@pytest.mark.slow
def test_no_frame_is_lost_where_the_margin_is_longer_than_a_chunk(video, look, tmp_path):
    """Here 5.5 s around chunks of 4 s; before, every second chunk was left out without a word."""
    found = look(video, tmp_path / "out", spotting=SpottingSettings(longest=5.0))
    assert found.frames["frame"].tolist() == list(range(1, 601))


@pytest.mark.slow
@pytest.mark.parametrize(("longest", "window"), [(0.56, 1.01), (3600, 3601)])
def test_a_window_as_short_as_the_settings_allow_is_accepted(look, tmp_path, longest, window):
    short = write_avi(tmp_path / "short.avi", moving_face(60))
    found = look(short, tmp_path / "out", spotting=SpottingSettings(longest=longest, window=window))
    assert len(found.frames) == 60


class TestWhatIsKept:
    @staticmethod
    def stop_in_the_first_chunk(video, look, out):
        """Stop after 120 frames; the state of the chunk is stored after each of them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.0)
            with pytest.raises(Stopped, match="the faces found until now are kept"):
                look(video, out, progress=stop_after(110))

    def test_takes_about_the_documented_space(self, result):
        # With the frames before and after each chunk that are read.
        frames = 250 + 300 + 250
        assert sum(path.stat().st_size for path in (result.folder / KEPT).rglob("*")) / frames < 1500

    @pytest.mark.slow
    def test_is_made_anew_where_it_is_damaged(self, video, look, result, copy, pushed):
        file = copy / KEPT / "chunks" / "00001.npz"
        file.write_bytes(file.read_bytes()[:-100])
        with pytest.warns(UserWarning, match=r"00001\.npz is damaged"):
            look(video, copy, again=True)
        assert {index for index, _ in pushed} == {1}
        assert content(copy) == content(result.folder)

    @pytest.mark.slow
    def test_may_be_removed(self, video, look, result, copy):
        shutil.rmtree(copy / KEPT)
        assert look(video, copy).rows == result.rows
        look(video, copy, again=True)
        assert content(copy) == content(result.folder)

    @pytest.mark.slow
    def test_a_chunk_continues_in_the_middle(self, video, look, result, tmp_path, pushed):
        self.stop_in_the_first_chunk(video, look, tmp_path / "out")
        pushed.clear()
        look(video, tmp_path / "out")
        assert pushed[0] == (0, 121)
        assert content(tmp_path / "out") == content(result.folder)

    @pytest.mark.slow
    def test_a_damaged_state_of_a_chunk_is_not_used(self, video, look, result, tmp_path, pushed):
        self.stop_in_the_first_chunk(video, look, tmp_path / "out")
        (state,) = (tmp_path / "out").rglob("*.state")
        state.write_bytes(state.read_bytes()[:-1] + b"?")
        pushed.clear()
        with pytest.warns(UserWarning, match="is damaged"):
            look(video, tmp_path / "out")
        assert pushed[0] == (0, 1)
        assert content(tmp_path / "out") == content(result.folder)

    @pytest.mark.slow
    def test_a_video_that_is_replaced_while_it_is_read_leaves_no_result(self, frames, look, tmp_path):
        video = write_avi(tmp_path / "face.avi", frames[:100])

        def replace_video(done, total, what, /):
            write_avi(video, frames[100:200])

        with pytest.raises(MerlabError, match="was changed while it was read"):
            look(video, tmp_path / "out", progress=replace_video)
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_a_recording_that_is_still_written_is_refused_at_once(self, frames, look, tmp_path):
        video, shown = write_avi(tmp_path / "face.avi", frames[:200]), []

        def grow(done, total, what, /):
            shown.append(done)
            video.write_bytes(video.read_bytes() + bytes(100))

        with pytest.raises(MerlabError, match="was changed while it was read"):
            look(video, tmp_path / "out", progress=grow)
        assert len(shown) == 1
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_unfinished_work_on_another_video_is_not_thrown_away(self, video, frames, look, tmp_path):
        with pytest.raises(Stopped):
            look(video, tmp_path / "out", progress=stop_after(470))
        other = write_avi(tmp_path / "other.avi", frames[:300])
        with pytest.raises(MerlabError, match=r"unfinished results .* it is of another source, .*face\.avi.*--again"):
            look(other, tmp_path / "out")
        assert look(other, tmp_path / "out", again=True).metadata.video.frames == 300


def test_a_folder_that_another_process_writes_is_left_alone(video, look, tmp_path):
    refused = pytest.raises(MerlabError, match="out is being written by process")
    with only_writer(tmp_path / "out"), refused:
        look(video, tmp_path / "out")


class TestSources:
    def test_frames_that_are_not_aligned_faces_leave_nothing(self, look, tmp_path):
        wide = write_avi(tmp_path / "wide.avi", [np.zeros((480, 640, 3), np.uint8)] * 3)
        with pytest.raises(MerlabError, match="640x480 pixels, which are not aligned faces"):
            look(wide, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_text_file_renamed_leaves_nothing(self, look, tmp_path):
        (tmp_path / "text.mp4").write_text("no video")
        with pytest.raises(MerlabError, match="cannot be opened as a video: it is a text"):
            look(tmp_path / "text.mp4", tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.slow
    def test_images_of_16_bits_that_are_read_too_dark_have_a_warning(self, look, tmp_path):
        for number in range(1, 41):
            picture = np.tile(np.linspace(0, 255, 231)[:, None], (282, 1, 3)).astype(np.uint16)
            assert cv2.imwrite(str(tmp_path / f"{number}.png"), picture << 5)
        warnings = look(tmp_path, tmp_path / "out", fps=FPS).warnings
        assert [each for each in warnings if "as of a camera of 13 bits" in each]

    def test_images_need_a_frame_rate_and_most_numbers(self, look, tmp_path):
        for number in (1, 2, 5):
            cv2.imwrite(str(tmp_path / f"img{number}.png"), np.zeros((282, 231, 3), np.uint8))
        with pytest.raises(MerlabError, match="2 missing between: 3, 4; a camera that drops so many frames"):
            look(tmp_path, tmp_path / "out", fps=FPS)
        (tmp_path / "img5.png").unlink()
        with pytest.raises(MerlabError, match="give --fps"):
            look(tmp_path, tmp_path / "out")

    def test_a_folder_without_images_or_videos(self, look, tmp_path):
        (tmp_path / "notes.txt").write_text("nothing")
        with pytest.raises(MerlabError, match="neither videos nor images .* whose names end with a number; give"):
            look(tmp_path, tmp_path / "out")

    @pytest.mark.parametrize(
        ("wrong", "named"), [({"fps": 0.0}, "0 is not a frame rate"), ({"fps": True}, "True is not a frame rate")]
    )
    def test_settings_out_of_range(self, video, look, tmp_path, wrong, named):
        with pytest.raises(MerlabError, match=named):
            look(video, tmp_path / "out", **wrong)

    @pytest.mark.slow
    def test_a_damaged_video_of_a_folder_does_not_stop_the_others(self, frames, look, tmp_path):
        write_avi(tmp_path / "b.avi", frames[:60])
        (tmp_path / "a.mp4").write_text("no video")
        videos = videos_in(tmp_path)
        assert [path.name for path in videos] == ["a.mp4", "b.avi"]
        damaged, sound = look(tmp_path, tmp_path / "out", recognize_each).values()
        assert isinstance(damaged, MerlabError)
        assert sound.metadata.video.frames == 60
        assert sound.folder == tmp_path / "out" / "b.avi"

    @pytest.mark.parametrize(("videos", "out"), [(["one/a.mp4", "one/b.mp4"], ""), ("one", "one")])
    def test_results_of_several_videos_are_below_the_current_folder(self, look, tmp_path, monkeypatch, videos, out):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "one").mkdir()
        for name in ("a.mp4", "b.mp4"):
            (tmp_path / "one" / name).write_text("no video")
        assert [type(each) for each in look(videos, None, recognize_each).values()] == [ClipError] * 2
        assert (tmp_path / "merlab-recognized" / out / "summary.csv").is_file()

    def test_a_folder_of_something_else_among_the_results_is_refused_before_any_work(self, look, tmp_path):
        for name in ("a.mp4", "b.mp4"):
            (tmp_path / name).write_text("no video")
        (tmp_path / "out" / "b.mp4").mkdir(parents=True)
        (tmp_path / "out" / "b.mp4" / "thesis.txt").write_text("mine")
        with pytest.raises(MerlabError, match=r"b\.mp4 exists and contains no results of `merlab recognize`"):
            look(tmp_path, tmp_path / "out", recognize_each)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.mp4"]

    def test_a_folder_of_videos_is_not_one_video(self, frames, look, tmp_path):
        write_avi(tmp_path / "b.avi", frames[:2])
        with pytest.raises(MerlabError, match="is a folder of videos; merlab.recognize_each recognizes all of them"):
            look(tmp_path, tmp_path / "out")

    @pytest.mark.parametrize("function", [recognize, recognize_each])
    def test_a_folder_of_images_and_videos_is_refused(self, frames, look, tmp_path, function):
        write_avi(tmp_path / "b.avi", frames[:2])
        cv2.imwrite(str(tmp_path / "cover_1.png"), frames[0])
        with pytest.raises(MerlabError, match="holds both images with numbers"):
            look(tmp_path, tmp_path / "out", function)

    def test_a_folder_of_videos_must_hold_one_and_two_need_different_names(self, look, tmp_path):
        with pytest.raises(MerlabError, match="is not a folder of videos"):
            look(tmp_path, tmp_path / "out", recognize_each)
        with pytest.raises(MerlabError, match=r"the results of a/x\.avi and b/x\.avi would both be in"):
            look(["a/x.avi", "b/x.avi"], tmp_path / "out", recognize_each)
        with pytest.raises(MerlabError, match=r"a/x\.avi is given twice"):
            look(["a/x.avi", "a/x.avi"], tmp_path / "out", recognize_each)

    def test_each_takes_the_options_of_one(self):
        parameters = inspect.signature(recognize).parameters.values()
        options = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
        assert set(RecognizeOptions.__annotations__) == options


@pytest.mark.parametrize(
    ("landmarks", "versions"), [("mesh", {"opencv": "1", "openvino": "2"}), ("five-points", {"opencv": "1"})]
)
def test_what_is_kept_states_the_libraries_that_found_the_faces(monkeypatch, landmarks, versions):
    monkeypatch.setattr(recognition, "computing_versions", lambda: {"opencv": "1"})
    monkeypatch.setattr(recognition, "runtime_version", lambda: {"openvino": "2"})
    asked = fake_metadata(2.0, 50.0, 1, "a.mp4", (), ()).asked.model_copy(update={"landmarks": landmarks})
    stated = recognition._finding(Division(1, 100, 1500, 50), asked).versions
    assert stated == versions | {"scipy": scipy.__version__}

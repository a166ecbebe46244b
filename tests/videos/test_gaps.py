"""Pauses, lost and damaged frames in whole videos; the result does not depend on processes or interruptions."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_video import spot
from merlab.videos import recognition
from merlab.videos.recognition import recognize
from tests.videos.folder_content import content
from tests.videos.recording import face_at, write_avi, write_stamped

FPS = 50.0
SECONDS = np.cumsum(np.where(np.arange(420) % 7 == 0, 0.027, 0.019)) + np.select(
    [np.arange(420) >= 300, np.arange(420) >= 120], [14.0, 4.0], 0.0
)
MOVEMENTS = [(1.2, 1.4, 1.6), (8.0, 8.2, 8.5), (21.2, 21.4, 21.6)]


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Uneven frames with two pauses, of 4 s before frame 121 and of 10 s before frame 301."""
    return write_stamped(tmp_path_factory.mktemp("gaps") / "gaps.mp4", face_at(SECONDS, MOVEMENTS), SECONDS)


@pytest.fixture(scope="module")
def look(weights):
    def recognized(video, out, **changes):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recognition, "CHUNK_SECONDS", 3.0)
            given = {"aligned": True, "weights": weights, "overlay": False, "progress": False}
            return recognize(video, out, **(given | changes))

    return recognized


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_processes_and_interruptions_do_not_change_a_byte_of_what_is_found_between_gaps(video, look, tmp_path):
    def interrupt(done, total, what, /):
        if done > 200:
            raise KeyboardInterrupt

    one, two = look(video, tmp_path / "one"), look(video, tmp_path / "two", jobs=2)
    with pytest.raises(KeyboardInterrupt):
        look(video, tmp_path / "resumed", progress=interrupt)
    resumed = look(video, tmp_path / "resumed")
    for other in (two, resumed):
        assert content(other.folder) == content(one.folder)
    begin = SECONDS[0]
    assert one.events[["onset_s", "apex_s", "offset_s"]].to_numpy() + begin == pytest.approx(
        np.array(MOVEMENTS), abs=0.05
    )
    assert [gap.frame for gap in one.metadata.video.gaps] == [121, 301]
    assert [face.face_id for face in one.metadata.faces] == [0]


def damage(video: Path, *numbers: int) -> Path:
    """Overwrite the pictures of these frames (from 1) of a Motion JPEG AVI."""
    content, at = bytearray(video.read_bytes()), 0
    for number in range(1, max(numbers) + 1):
        at = content.index(b"00dc", at) + 8
        if number in numbers:
            length = int.from_bytes(content[at - 4 : at], "little")
            content[at : at + length] = bytes(length)
    video.write_bytes(content)
    return video


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """240 frames at FPS with a movement from frame 151 on."""
    folder = tmp_path_factory.mktemp("still")
    return write_avi(folder / "face.avi", face_at(np.arange(240) / FPS, [(3.0, 3.2, 3.44)]), FPS)


@pytest.fixture
def still(sound, tmp_path):
    """A copy of that video, which may be damaged."""
    return Path(shutil.copy(sound, tmp_path / "face.avi"))


class TestDamagedFrames:
    @pytest.mark.slow
    def test_they_are_counted_and_show_no_face(self, still, look, tmp_path):
        result = look(damage(still, 60, 61, 100), tmp_path / "out")
        seen = result.frames.set_index("frame")["success"]
        assert seen[seen == 0].index.tolist() == [60, 61, 100]
        assert len(seen) == 240
        assert result.metadata.video.damaged == 3
        assert any(
            "3 of 240 frames are damaged, or blank such as all black (60, 61, 100)" in text for text in result.warnings
        )
        assert result.events["apex"].tolist() == pytest.approx([161], abs=3)

    @pytest.mark.slow
    def test_they_are_black_in_the_overlay(self, still, look, tmp_path):
        shown = open_frames(look(damage(still, 60, 61, 240), tmp_path / "out", overlay=True).folder / "overlay.mp4")
        bright = [image.mean() > 50 for _, image in shown]
        assert [number for number, seen in enumerate(bright, start=1) if not seen] == [60, 61, 240]
        assert len(bright) == 240

    @pytest.mark.slow
    def test_many_in_a_row_are_a_gap(self, still, look, tmp_path):
        result = look(damage(still, *range(100, 121)), tmp_path / "out")
        scores = result.frames.set_index("frame")["score"]
        assert scores.loc[100:120].isna().all()
        assert scores.drop(index=range(100, 121)).notna().all()

    @pytest.mark.slow
    def test_spot_shows_the_frame_before_and_leaves_the_end_out(self, still, tmp_path):
        line = spot(damage(still, 60, 61, 239, 240), tmp_path / "out", progress=False)
        assert line.scores["frame"].tolist() == list(range(1, 239))
        assert any("4 of 240 frames are damaged" in text for text in line.warnings)

    @pytest.mark.slow
    def test_spot_finds_what_is_beside_many_in_a_row_and_gives_them_no_score(self, still, tmp_path):
        line = spot(damage(still, *range(60, 81)), tmp_path / "out", progress=False)
        assert line.scores["frame"].tolist() == [*range(1, 60), *range(81, 241)]
        assert [event.apex for event in line.rows] == pytest.approx([161], abs=3)
        assert any("three or more in a row are a gap, which no event spans" in text for text in line.warnings)
        kept = spot(still, tmp_path / "out", settings=SpottingSettings(p=0.01), again=True, progress=False)
        assert kept.scores["score"].tolist() == line.scores["score"].tolist()

    @pytest.mark.slow
    def test_spot_reports_no_movement_across_them(self, still, tmp_path):
        """The movement is from frame 151 to 173."""
        line = spot(damage(still, *range(154, 171)), tmp_path / "out", progress=False)
        assert not [event for event in (*line.rows, *line.weak_rows) if event.onset < 171 and event.offset > 153]

    @pytest.mark.slow
    @pytest.mark.parametrize("value", [0, 255])
    def test_black_or_white_frames_are_a_gap_and_no_movement(self, look, tmp_path, value):
        """As where a signal is lost for .2 s, which is as long as a micro-expression."""
        images = list(face_at(np.arange(240) / FPS, [(3.0, 3.2, 3.44)]))
        images[59:69] = [np.full_like(images[0], value)] * 10
        video = write_avi(tmp_path / "face.avi", images, FPS)
        line, result = spot(video, tmp_path / "spotted", progress=False), look(video, tmp_path / "out")
        said = "10 of 240 frames are damaged, or blank such as all black (60, 61, 62, 63, 64, ...)"
        for found in (line.events, result.events):
            assert found["apex"].tolist() == pytest.approx([161], abs=3)
        assert any(said in text for text in line.warnings)
        assert any(said in text for text in result.warnings)
        assert line.scores["frame"].tolist() == [*range(1, 60), *range(70, 241)]
        assert result.frames.set_index("frame")["score"].loc[60:69].isna().all()
        assert line.metadata.damaged == result.metadata.video.damaged == 10

    @pytest.mark.slow
    def test_a_video_of_blank_frames_is_refused(self, look, tmp_path):
        video = write_avi(tmp_path / "face.avi", [np.zeros((282, 231, 3), np.uint8)] * 60, FPS)
        for read in (spot, look):
            with pytest.raises(MerlabError, match="contains no frame that can be read and is not blank"):
                read(video, tmp_path / read.__name__)

    @pytest.mark.slow
    def test_a_sound_file_is_not_called_damaged(self, still, tmp_path):
        assert not any("damaged" in text for text in spot(still, tmp_path / "out", progress=False).warnings)


@pytest.fixture(scope="module")
def lossy(tmp_path_factory):
    """Images 46 to 265 at FPS with a movement from frame 196 on; two are cut off, one is empty, 14 are missing."""
    folder = tmp_path_factory.mktemp("lossy") / "face"
    folder.mkdir()
    for number, image in enumerate(face_at(np.arange(220) / FPS, [(3.0, 3.2, 3.44)]), start=46):
        if number not in {60, *range(120, 133)}:
            cv2.imwrite(str(folder / f"{number}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    for number, size in ((70, 3000), (71, 0), (180, 3000)):
        os.truncate(folder / f"{number}.jpg", size)
    return folder


@pytest.mark.slow
class TestImages:
    """Whoever cannot be decoded, or is missing, is treated alike by both commands, and as in a video."""

    def test_both_commands_read_what_is_left(self, lossy, look, tmp_path):
        line = spot(lossy, tmp_path / "spotted", fps=FPS, progress=False)
        result = look(lossy, tmp_path / "out", fps=FPS)
        there = [number for number in range(46, 266) if number not in {60, *range(120, 133)}]
        for found in (line, result):
            said = " ".join(found.warnings)
            assert "3 of 206 frames are damaged, or blank such as all black (70, 71, 180)" in said
            assert "the folder contains frames 46..265, 14 missing between: 60, 120, 121, 122, 123, ..." in said
            assert "only 2.7 s without a gap" in said
            assert found.events["apex"].tolist() == pytest.approx([206], abs=3)
            assert found.events["apex_s"].tolist() == pytest.approx((found.events["apex"] - 46) / FPS, abs=1e-4)
        assert line.scores["frame"].tolist() == result.frames["frame"].tolist() == there
        assert [gap.frame for gap in line.metadata.gaps] == [gap.frame for gap in result.metadata.video.gaps] == [133]
        seen = result.frames.set_index("frame")["success"]
        assert seen[seen == 0].index.tolist() == [70, 71, 180]
        (face,) = result.metadata.faces
        assert (face.first, face.last) == (46, 265)

    def test_processes_do_not_change_a_byte(self, lossy, look, tmp_path):
        one, two = (look(lossy, tmp_path / str(jobs), fps=FPS, jobs=jobs, overlay=True) for jobs in (1, 2))
        assert content(one.folder) == content(two.folder)
        assert len(list(open_frames(one.folder / "overlay.mp4"))) == 206

    def test_three_damaged_in_a_row_are_a_gap(self, lossy, look, tmp_path):
        folder = Path(shutil.copytree(lossy, tmp_path / "face"))
        for number in range(81, 86):
            (folder / f"{number}.jpg").write_bytes(b"")
        line = spot(folder, tmp_path / "spotted", fps=FPS, progress=False)
        assert not {*line.scores["frame"]} & {*range(81, 86)}
        result = look(folder, tmp_path / "out", fps=FPS)
        for found in (line, result):
            assert sum("in 1.4 s movements were not spotted: a face" in text for text in found.warnings) == 1
        scores = result.frames.set_index("frame")["score"]
        assert scores.loc[81:85].isna().all()
        assert scores.loc[133:265].notna().all()

    def test_where_none_can_be_decoded_the_reason_is_that_of_the_first(self, look, tmp_path):
        (tmp_path / "face").mkdir()
        for number in (1, 2):
            (tmp_path / "face" / f"{number}.png").write_bytes(b"")
        for read in (spot, look):
            with pytest.raises(MerlabError, match=r"no frame that can be read and is not blank: .*1\.png is empty"):
                read(tmp_path / "face", tmp_path / read.__name__, fps=FPS)


@pytest.mark.slow
def test_metadata_describes_the_file(still, look, tmp_path):
    result = look(still, tmp_path / "out")
    stored = json.loads((result.folder / "metadata.json").read_text())["video"]
    assert (stored["file"]["container"], stored["file"]["codec"]) == ("avi", "mjpeg")
    assert (stored["fps_source"], stored["gaps"], stored["slowed"], stored["start_s"]) == ("stamps", [], 1, 0)
    assert pd.read_csv(result.folder / "frames.csv")["time_s"].iloc[-1] == pytest.approx(239 / FPS)

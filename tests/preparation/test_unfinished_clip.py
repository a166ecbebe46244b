"""A video whose alignment is stopped continues where it was, and ends with the same bytes."""

from __future__ import annotations

import errno
import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.alignment_record import MANIFEST
from merlab.errors import MerlabError, Stopped
from merlab.frames import open_frames
from merlab.outputs.checkpoints import Pace
from merlab.preparation import unfinished_clip
from merlab.preparation.aligned_clip import TRANSFORMS
from merlab.preparation.frame_range import FrameRange
from merlab.preparation.unfinished_clip import STATE, WORKING
from merlab.preparation.video_faces import FRAMES, align
from tests.frames.videos import write_video
from tests.helpers import files_in, texture
from tests.preparation.conftest import FIVE_POINTS

RIGID = replace(FIVE_POINTS, motion="rigid")
DAMAGE: dict[str, Callable[[Path], object]] = {
    "a frame": lambda frames: (frames / "reg_IMG_1.jpg").unlink(),
    "the content of a frame": lambda frames: (frames / "reg_IMG_1.jpg").write_bytes(b""),
    "a line": lambda frames: (frames / TRANSFORMS).write_text(""),
    "all frames": shutil.rmtree,
}
NOTHING = cv2.cvtColor(texture(0, 480, 640).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def write_folder(folder: Path, images) -> Path:
    folder.mkdir()
    for number, image in enumerate(images, start=1):
        assert cv2.imwrite(str(folder / f"IMG_{number}.png"), image)
    return folder


@pytest.fixture
def few(tmp_path, heads) -> Path:
    """Three small frames, which are aligned quickly."""
    return write_folder(tmp_path / "few", [cv2.resize(head, (160, 120)) for head in heads[:3]])


def stop(after: int, source: Path, out: Path, settings=RIGID, error: BaseException | None = None, **more) -> str:
    """Stop after ``after`` frames, and return the message; the state is stored after the first and each third one."""

    def show(done: float, total: int, what: str) -> None:
        if done == after:
            raise error or KeyboardInterrupt

    turns = itertools.cycle([True, False, False])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pace, "is_due", property(lambda pace: next(turns)))
        with pytest.raises((Stopped, MerlabError)) as raised:
            align(source, out, settings, fps=200, progress=show, **more)
    return str(raised.value)


def numbers_of(source: Path, out: Path, settings=RIGID, **more) -> list[str]:
    """The frames that a call aligns."""
    steps: list[str] = []
    align(source, out, settings, fps=200, progress=lambda done, total, what: steps.append(what), **more)
    return [step.removeprefix("frame ") for step in steps if step.startswith("frame ")]


@pytest.mark.slow
def test_it_continues_with_the_last_stored_state(few, tmp_path):
    out = tmp_path / "out"
    assert stop(2, few, out) == f"finished work is kept in {out}"
    assert not (out / FRAMES).exists()
    assert numbers_of(few, out) == ["2", "3"]
    assert len((out / FRAMES / TRANSFORMS).read_text().splitlines()) == 3
    assert sorted(path.name for path in out.iterdir()) == [FRAMES, MANIFEST, "sheet.png"]


def test_without_a_stored_state_nothing_is_kept(few, tmp_path):
    def show(done: float, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Stopped, match="nothing was finished that could be kept"):
        align(few, tmp_path / "out", FIVE_POINTS, fps=200, progress=show)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["onset", "rigid", "landmarks"])
def test_it_ends_with_the_same_bytes_wherever_it_was_stopped(tmp_path, heads, motion):
    """The face moves, is hidden, and is elsewhere after a cut; of a video, frames refer to earlier ones."""
    away = [np.roll(head, 330, axis=1) for head in heads]
    images = [*heads, np.roll(heads[0], (3, 12), axis=(0, 1)), NOTHING, *away]
    source = write_video(tmp_path / "me.mp4", "libx264", images=images, size=(640, 480), fps=200)
    settings = replace(FIVE_POINTS, motion=motion)
    align(source, tmp_path / "whole", settings, fps=200, video=True, progress=False)
    whole = files_in(tmp_path / "whole")
    assert len(whole) == 10 + (motion != "onset") + 4
    for after in (2, 6, 9):
        out = tmp_path / f"out{after}"
        stop(after, source, out, settings, video=True)
        # As a process leaves it that is killed while it writes.
        (out / WORKING / FRAMES / f"reg_img{after + 1}.jpg").write_bytes(b"")
        (out / WORKING / ".unfinished-0-clip.state").write_bytes(b"half")
        begun = (after - 1) // 3 * 3 + 2
        assert numbers_of(source, out, settings, video=True) == [str(number) for number in range(begun, 11)]
        assert files_in(out) == whole


@pytest.mark.slow
def test_it_may_be_stopped_again_and_again_also_where_it_replaces_other_faces(tmp_path, heads):
    source = write_folder(tmp_path / "me", heads * 2)
    align(source, tmp_path / "whole", RIGID, fps=200, progress=False)
    out = tmp_path / "out"
    align(source, out, FIVE_POINTS, fps=200, progress=False)
    old = files_in(out)
    for after in (2, 3, 6):
        stop(after, source, out, again=True)
        assert files_in(out) == old
    assert numbers_of(source, out, again=True)[0] == "7"
    assert files_in(out) == files_in(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["me", "out", "whole"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_it_begins_anew_where_something_is_lost(tmp_path, few, damage):
    align(few, tmp_path / "whole", RIGID, fps=200, progress=False)
    out = tmp_path / "out"
    stop(2, few, out)
    damage(out / WORKING / FRAMES)
    assert numbers_of(few, out) == ["1", "2", "3"]
    assert files_in(out) == files_in(tmp_path / "whole")


@pytest.mark.slow
def test_it_begins_anew_where_the_state_is_damaged_or_of_another_version(tmp_path, few, monkeypatch):
    for out in (tmp_path / "out", tmp_path / "other"):
        stop(2, few, out)
    (tmp_path / "out" / WORKING / STATE).write_bytes(b"cut")
    with pytest.warns(UserWarning, match=r"clip\.state is damaged .*; it is made anew"):
        assert numbers_of(few, tmp_path / "out") == ["1", "2", "3"]
    monkeypatch.setattr(unfinished_clip, "VERSION", unfinished_clip.VERSION + 1)
    with pytest.warns(UserWarning, match="merlab have changed since few was stopped; it is aligned from its first"):
        assert numbers_of(few, tmp_path / "other") == ["1", "2", "3"]
    assert files_in(tmp_path / "other") == files_in(tmp_path / "out")


@pytest.mark.slow
def test_a_source_or_settings_that_have_changed_since_are_not_continued(few, tmp_path, heads):
    out = tmp_path / "out"
    stop(2, few, out)
    with pytest.raises(MerlabError, match="of other settings: .*motion"):
        align(few, out, FIVE_POINTS, fps=200, progress=False)
    assert cv2.imwrite(str(few / "IMG_3.png"), NOTHING[:120, :160])
    with pytest.raises(MerlabError, match="of other settings: the video has changed since. Add --again"):
        align(few, out, RIGID, fps=200, progress=False)
    assert numbers_of(few, out, again=True) == ["1", "2", "3"]
    # A user who removes the manifest also removes what the rest was made for.
    stop(2, few, tmp_path / "other")
    (tmp_path / "other" / MANIFEST).unlink()
    with pytest.warns(UserWarning, match="the settings or merlab have changed"):
        assert numbers_of(few, tmp_path / "other", FIVE_POINTS) == ["1", "2", "3"]
    assert not (tmp_path / "other" / FRAMES / TRANSFORMS).exists()


@pytest.mark.slow
def test_it_continues_after_a_disk_was_full_or_did_not_answer(few, tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "make room and run it again" in stop(2, few, tmp_path / "out", error=full)
    away = tmp_path / "away.png"

    def take_away(done: float, total: int, what: str) -> None:
        (few / "IMG_3.png").rename(away)

    with pytest.raises(MerlabError, match=r"IMG_3\.png cannot be read"):
        align(few, tmp_path / "out", RIGID, fps=200, progress=take_away)
    away.rename(few / "IMG_3.png")
    assert numbers_of(few, tmp_path / "out") == ["2", "3"]


@pytest.mark.slow
def test_a_frame_of_another_size_leaves_the_folder_for_another_range(few, tmp_path):
    assert cv2.imwrite(str(few / "IMG_3.png"), NOTHING)
    out = tmp_path / "out"
    stop(3, few, out)
    assert not out.exists()
    align(few, out, RIGID, fps=200, frame_range=FrameRange(last=2), progress=False)
    assert list(open_frames(out / FRAMES).numbers) == [1, 2]


@pytest.mark.slow
def test_it_continues_behind_a_damaged_frame(few, tmp_path):
    (few / "IMG_2.png").write_bytes(b"")
    for number in (4, 5):
        shutil.copy(few / "IMG_1.png", few / f"IMG_{number}.png")
    align(few, tmp_path / "whole", RIGID, fps=200, progress=False)
    out = tmp_path / "out"
    stop(4, few, out)
    assert numbers_of(few, out) == ["5"]
    assert files_in(out) == files_in(tmp_path / "whole")


@pytest.mark.slow
def test_complete_faces_beside_a_rest_of_their_work_are_read(few, tmp_path):
    """As a process leaves it that is killed at the very end."""
    out = tmp_path / "out"
    stop(2, few, out)
    shutil.copytree(out / WORKING, tmp_path / "rest")
    align(few, out, RIGID, fps=200, progress=False)
    whole = files_in(out)
    shutil.copytree(tmp_path / "rest", out / WORKING)
    assert numbers_of(few, out) == []
    assert files_in(out) == whole

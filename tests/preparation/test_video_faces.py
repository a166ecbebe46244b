"""A video or a folder of images becomes an aligned clip, and the messages name what is wrong in which frame."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from merlab.alignment_record import MANIFEST, RECORD
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.frames import open_frames, read_image
from merlab.preparation.aligned_clip import TRANSFORMS, AlignmentJob, ClipWriter
from merlab.preparation.frame_range import FrameRange
from merlab.preparation.record import AlignmentRecord
from merlab.preparation.settings import Settings
from merlab.preparation.video_faces import FRAMES, SHEET, VIDEO, align
from tests.frames.videos import packet_bytes
from tests.frames.videos import write_video as timed_video
from tests.helpers import texture
from tests.preparation.conftest import FIVE_POINTS

NOTHING = cv2.cvtColor(texture(0, 480, 640).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def write_video(path, images, fps=200.0):
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return path


def write_folder(path, images, first=1):
    path.mkdir(parents=True)
    for number, image in enumerate(images, start=first):
        assert cv2.imwrite(str(path / f"IMG_{number:04d}.png"), image)
    return path


@pytest.mark.slow
def test_a_video_becomes_a_clip_with_its_record_sheet_manifest_and_aligned_video(tmp_path, heads):
    source, out = write_video(tmp_path / "me.avi", heads * 2), tmp_path / "out"
    record = align(source, out, FIVE_POINTS, video=True)
    frames = open_frames(out / FRAMES)
    assert list(frames.numbers) == list(range(1, 9))
    assert frames.read(8).shape == (282, 231, 3)
    assert (record.frames, record.fps, record.quality.frames_with_face) == ((1, 8), 200.0, 8)
    assert AlignmentRecord.model_validate_json((out / FRAMES / RECORD).read_text()) == record
    assert json.loads((out / MANIFEST).read_text())["settings"]["motion"] == "onset"
    assert list(open_frames(out / VIDEO).numbers) == list(range(1, 9))
    assert read_image(out / SHEET).shape[1] > 3 * 231


@pytest.mark.slow
def test_a_face_that_is_replaced_beside_another_person_is_a_jump(tmp_path, eight_heads):
    """As in a split screen, of which one side is cut; the larger face is followed."""
    first, second, third = (frame for frame, _ in eight_heads[:3])

    def beside(head):
        return np.hstack([head, np.vstack([cv2.resize(second, (320, 240)), cv2.resize(NOTHING, (320, 240))])])

    source = write_folder(tmp_path / "split", [beside(first)] * 6 + [beside(third)] * 4)
    record = align(source, tmp_path / "out", FIVE_POINTS, fps=200.0)
    assert record.jumps == (7,)
    assert "the face is another one, or elsewhere, from frame 7 on" in record.warnings


@pytest.mark.skipif(sys.platform != "linux", reason="other systems make no names that are not UTF-8")
def test_one_may_work_in_a_folder_whose_name_is_not_utf8_but_not_write_into_one(tmp_path, heads, monkeypatch):
    """As of an old archive; no command of merlab could read the faces in it."""
    work = tmp_path / "caf\udce9"
    write_folder(tmp_path / "sound" / "head", heads[:2])
    (tmp_path / "sound").rename(work)
    monkeypatch.chdir(work)
    assert align(Path("head"), Path("out"), FIVE_POINTS, fps=200.0).frames == (1, 2)
    with pytest.raises(MerlabError, match=r"caf\\udce9 has a name that is not valid UTF-8; rename the .* folder"):
        align(Path("head"), Path("caf\udce9"), FIVE_POINTS, fps=200.0)
    assert not (work / "caf\udce9").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"source": None}, "source must be a path"),
        ({"settings": "png"}, "settings must be a Settings"),
        ({"frame_range": (1, 4)}, "frame_range must be a FrameRange"),
        ({"video": "yes"}, "video must be True or False"),
        ({"again": 1}, "again must be True or False"),
    ],
)
def test_values_of_another_kind_are_named(tmp_path, change, named):
    given: dict[str, Any] = {"source": tmp_path / "me.avi", "out": tmp_path / "out", "settings": FIVE_POINTS, **change}
    with pytest.raises(MerlabError, match=named):
        align(**given)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"motion": "ecc"}, "unknown motion 'ecc'; motions are onset, rigid, landmarks"),
        ({"image": "bmp"}, "unknown image format 'bmp'; image formats are jpg, png"),
        ({"finding": "yunet"}, "finding must be a FaceFinding"),
    ],
)
def test_settings_that_do_not_exist_are_refused_when_they_are_made(change, named):
    with pytest.raises(MerlabError, match=named):
        Settings(**change)


def test_the_quality_of_jpeg_is_stated_for_jpeg_alone():
    made = {image: replace(FIVE_POINTS, image=image).how_made().settings.model_dump() for image in ("jpg", "png")}
    assert made["jpg"]["jpeg_quality"] == 95
    assert "jpeg_quality" not in made["png"]


@pytest.mark.parametrize(
    ("detector", "landmarks", "files"),
    [
        ("yunet", "mesh", {"yunet", "face-mesh"}),
        ("yunet", "five-points", {"yunet"}),
        ("opencv-ssd", "mesh", {"opencv-ssd", "face-mesh"}),
        ("opencv-ssd", "five-points", {"opencv-ssd", "yunet"}),
    ],
)
def test_the_files_of_every_network_that_is_used_are_stated(detector, landmarks, files):
    assert Settings(FaceFinding(detector, landmarks=landmarks)).how_made().models.keys() == files


def test_a_folder_without_numbered_images_is_refused(tmp_path):
    (tmp_path / "me").mkdir()
    for chosen in (FrameRange(), FrameRange(start=1)):
        with pytest.raises(MerlabError, match="me has no frames; give a video, or a folder of images numbered in"):
            align(tmp_path / "me", tmp_path / "out", FIVE_POINTS, frame_range=chosen, fps=100)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_finished_work_is_not_repeated_and_another_request_is_refused(tmp_path, heads):
    source, out = write_folder(tmp_path / "me", heads), tmp_path / "out"
    align(source, out, FIVE_POINTS, fps=200)
    before = (out / FRAMES / RECORD).stat().st_mtime_ns
    align(source, out, FIVE_POINTS, fps=200)
    assert (out / FRAMES / RECORD).stat().st_mtime_ns == before
    with pytest.raises(MerlabError, match="holds prepared faces of other settings: --fps 200 -> 100"):
        align(source, out, FIVE_POINTS, fps=100)


@pytest.mark.slow
@pytest.mark.parametrize("lost", [SHEET, VIDEO, f"{FRAMES}/{RECORD}"])
def test_a_file_that_was_removed_is_made_again(tmp_path, heads, lost):
    source, out = write_folder(tmp_path / "me", heads[:2]), tmp_path / "out"
    align(source, out, FIVE_POINTS, fps=200, video=True)
    before = (out / lost).read_bytes()
    (out / lost).unlink()
    align(source, out, FIVE_POINTS, fps=200, video=True)
    assert (out / lost).read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(("write", "name"), [(write_video, "me.avi"), (write_folder, "me")])
def test_a_source_that_was_changed_since_is_not_answered_by_its_old_faces(tmp_path, heads, write, name):
    source, out = write(tmp_path / name, heads), tmp_path / "out"
    align(source, out, FIVE_POINTS, fps=200)
    old = (out / FRAMES / RECORD).read_bytes()
    source.rename(tmp_path / "before")
    write(source, [np.roll(head, 20, axis=1) for head in heads])
    with pytest.raises(MerlabError, match="of other settings: the video has changed since. Add --again"):
        align(source, out, FIVE_POINTS, fps=200)
    align(source, out, FIVE_POINTS, fps=200, again=True)
    assert (out / FRAMES / RECORD).read_bytes() != old


@pytest.mark.slow
def test_another_request_replaces_it_when_wanted(tmp_path, heads):
    source, out = write_folder(tmp_path / "me", heads), tmp_path / "out"
    align(source, out, replace(FIVE_POINTS, motion="rigid"), fps=200)
    assert (out / FRAMES / TRANSFORMS).is_file()
    record = align(source, out, FIVE_POINTS, fps=100, frame_range=FrameRange(first=2), again=True)
    assert (record.fps, record.frames) == (100.0, (2, 4))
    assert AlignmentRecord.model_validate_json((out / FRAMES / RECORD).read_text()) == record
    assert not (out / FRAMES / TRANSFORMS).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["me", "out"]


def test_a_folder_of_images_and_videos_is_refused(tmp_path, heads):
    source = write_folder(tmp_path / "mine", heads)
    write_video(source / "me.avi", heads)
    with pytest.raises(MerlabError, match=r"both images with numbers \(IMG_0001\.png\) and videos \(me\.avi\)"):
        align(source, tmp_path / "out", FIVE_POINTS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (FrameRange(first=12), [12, 13]),
        (FrameRange(last=11), [10, 11]),
        (FrameRange(11, 12), [11, 12]),
        (FrameRange(start=0.01), [11, 12, 13]),
        (FrameRange(start=0.01, end=0.03), [11, 12]),
    ],
)
def test_a_range_is_given_by_frame_numbers_or_by_seconds(tmp_path, heads, chosen, numbers):
    source = write_folder(tmp_path / "me", heads, first=10)
    align(source, tmp_path / "out", FIVE_POINTS, frame_range=chosen, fps=100)
    assert list(open_frames(tmp_path / "out" / FRAMES).numbers) == numbers


@pytest.mark.slow
def test_a_pause_inside_a_video_is_reported_and_kept(tmp_path, heads):
    times = [0, 5, 10, 15, 1020, 1025, 1030, 1035]
    source = timed_video(tmp_path / "paused.mp4", "libx264", images=heads * 2, size=(640, 480), milliseconds=times)
    record = align(source, tmp_path / "out", FIVE_POINTS, video=True)
    assert record.fps == 200
    (warning,) = [warning for warning in record.warnings if "time is missing" in warning]
    assert warning.startswith("time is missing before frame 5 (1.01 s after the one before): a movement across it")
    aligned = open_frames(tmp_path / "out" / VIDEO).clock
    assert aligned is not None
    assert [aligned.seconds(number) for number in (1, 4, 5, 8)] == pytest.approx([0, 0.015, 1.02, 1.035], abs=1e-3)
    align(source, tmp_path / "after", FIVE_POINTS, frame_range=FrameRange(first=5), video=True)
    with av.open(tmp_path / "after" / VIDEO) as later:
        assert [frame.time for frame in later.decode(video=0)] == pytest.approx([0, 0.005, 0.01, 0.015], abs=1e-3)
    before = align(source, tmp_path / "before", FIVE_POINTS, frame_range=FrameRange(last=4))
    assert not [warning for warning in before.warnings if "time is missing" in warning]


def test_seconds_of_a_range_are_those_of_the_recording(tmp_path, heads):
    """Slow motion: recorded at 200, played at 25 frames per second."""
    tags, container = {"com.android.capture.fps": "200"}, {"movflags": "use_metadata_tags"}
    size = (640, 480)
    source = timed_video(tmp_path / "a.mp4", images=heads * 2, size=size, fps=25, tags=tags, container=container)
    record = align(source, tmp_path / "out", FIVE_POINTS, frame_range=FrameRange(start=0.009, end=0.02))
    assert (record.fps, record.frames) == (200, (3, 4))
    record = align(source, tmp_path / "other", FIVE_POINTS, frame_range=FrameRange(start=0.018, end=0.04), fps=100)
    assert (record.fps, record.frames) == (100, (3, 4))


@pytest.mark.parametrize("fps", [0, 0.5, 100_000, float("nan")])
def test_an_impossible_frame_rate_is_refused(tmp_path, heads, fps):
    with pytest.raises(MerlabError, match="is not a frame rate: it must be a number from 1 to 10000"):
        align(write_folder(tmp_path / "me", heads), tmp_path / "out", FIVE_POINTS, fps=fps)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "first", "lost", "warning"),
    [
        ([3], 1, ((3, 3),), "1 of 6 frames are damaged and left out: 3; a movement across them looks faster"),
        ([2, 3, 4, 6], 1, ((2, 4), (6, 6)), "4 of 6 frames are damaged and left out: 2, 3, 4, 6;"),
        ([1, 2], 3, (), "2 damaged frames at the start left out: the faces begin with frame 3"),
    ],
)
@pytest.mark.parametrize("of", ["video", "folder"])
def test_damaged_frames_are_left_out_and_the_others_are_those_of_a_sound_source(
    tmp_path, heads, of, broken, first, lost, warning
):
    images = [cv2.resize(heads[number % 4], (320, 240)) for number in range(6)]
    write = {"video": lambda path: write_video(path, images), "folder": lambda path: write_folder(path, images)}[of]
    sound, source = (write(tmp_path / name) for name in ("sound.avi", "me.avi"))
    spoil(source, broken)
    kept = [number for number in range(1, 7) if number not in broken]
    record = align(source, tmp_path / "out", FIVE_POINTS, fps=200, video=True)
    expected = align(sound, tmp_path / "all", FIVE_POINTS, fps=200, frame_range=FrameRange(first))
    assert (record.frames, record.lost, record.jumps) == ((first, 6), lost, expected.jumps)
    assert any(warning in text for text in record.warnings)
    aligned, whole = open_frames(tmp_path / "out" / FRAMES), open_frames(tmp_path / "all" / FRAMES)
    assert list(aligned.numbers) == kept
    assert all(np.array_equal(aligned.read(number), whole.read(number)) for number in kept)
    clock = open_frames(tmp_path / "out" / VIDEO).clock
    assert clock is not None
    assert clock.times.tolist() == pytest.approx([(number - first) / 200 for number in kept], abs=1e-4)


def spoil(source, numbers) -> None:
    """Make frames of a Motion JPEG video, or of a folder of images, such that they cannot be decoded."""
    if source.is_dir():
        for number in numbers:
            path = source / f"IMG_{number:04d}.png"
            path.write_bytes(path.read_bytes()[:1000])
        return
    content, at = bytearray(source.read_bytes()), 0
    for number, packet in enumerate(packet_bytes(source), start=1):
        at = content.index(packet, at)
        if number in numbers:
            content[at : at + len(packet)] = bytes(len(packet))
        at += len(packet)
    source.write_bytes(bytes(content))


def test_a_source_of_damaged_frames_alone_is_refused_with_the_remedy(tmp_path, heads):
    source = write_video(tmp_path / "me.avi", heads[:2])
    spoil(source, [1, 2])
    with pytest.raises(MerlabError, match=r"me\.avi: frame 2 is damaged; copy.*or use the frames before or after it"):
        align(source, tmp_path / "out", FIVE_POINTS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"first": "2"}, "first must be a whole number from 0 up, got '2'"),
        ({"last": 1.5}, "last must be a whole number from 0 up, got 1.5"),
        ({"start": "0.1"}, "start must be 0 or more, got '0.1'"),
        ({"end": float("nan")}, "end must be 0 or more, got nan"),
        ({"start": -0.5}, "start must be 0 or more, got -0.5"),
    ],
)
def test_limits_of_a_range_that_are_not_numbers_from_zero_up_are_named(limits, named):
    with pytest.raises(MerlabError, match=named):
        FrameRange(**limits)


def test_numbers_of_numpy_are_limits_of_a_range():
    made = FrameRange(np.int64(2), np.int32(3), np.float32(0.5), np.float64(1))  # type: ignore[arg-type]
    assert [type(limit) for limit in (made.first, made.last, made.start, made.end)] == [int, int, float, float]


def test_an_impossible_range_is_refused_with_the_existing_frames(tmp_path, heads):
    source = write_folder(tmp_path / "me", heads, first=10)
    with pytest.raises(MerlabError, match=r"no frame in the requested range; there are frames 10\.\.13"):
        align(source, tmp_path / "out", FIVE_POINTS, frame_range=FrameRange(first=20))
    with pytest.raises(MerlabError, match="give its frame rate with --fps"):
        align(source, tmp_path / "out2", FIVE_POINTS, frame_range=FrameRange(start=1))


def test_images_of_two_sizes_are_refused_with_the_remedy(tmp_path, heads):
    source = write_folder(tmp_path / "me", [heads[0], heads[0][40:440]])
    shown: list[object] = []
    with pytest.raises(MerlabError, match="frame 2 has 640x400 pixels, those before 640x480; .* of each size on"):
        align(source, tmp_path / "out", FIVE_POINTS, progress=lambda *step: shown.append(step))
    # Before any work.
    assert not shown
    assert align(source, tmp_path / "out", FIVE_POINTS, frame_range=FrameRange(last=1), fps=200).frames == (1, 1)


@pytest.mark.slow
def test_a_video_that_was_cut_off_has_a_warning(tmp_path, heads):
    source = write_video(tmp_path / "me.avi", heads)
    assert not [text for text in align(source, tmp_path / "whole", FIVE_POINTS).warnings if "cut off" in text]
    # The index at the end.
    source.write_bytes(source.read_bytes()[:-40])
    assert "the file was cut off: bytes are missing at its end, and frames with them" in (
        align(source, tmp_path / "out", FIVE_POINTS).warnings
    )


@pytest.mark.slow
def test_without_a_face_in_the_first_frame_the_message_names_a_frame_that_has_one(tmp_path, heads):
    source = write_folder(tmp_path / "late", [NOTHING, NOTHING, *heads])
    with pytest.raises(MerlabError, match=r"late, frame 1: no face is found.*frame 3 shows one: .*--frames 3:"):
        align(source, tmp_path / "out", FIVE_POINTS)
    assert align(source, tmp_path / "out", FIVE_POINTS, frame_range=FrameRange(first=3)).frames == (3, 6)
    empty = write_folder(tmp_path / "holiday", [NOTHING] * 3)
    with pytest.raises(MerlabError, match="none is found in any of 3 evenly spaced frames"):
        align(empty, tmp_path / "out2", FIVE_POINTS)
    assert not (tmp_path / "out2").exists()


@pytest.mark.slow
def test_frames_without_a_face_are_listed(tmp_path, heads):
    record = align(
        write_folder(tmp_path / "me", [*heads, NOTHING, NOTHING, *heads]), tmp_path / "out", FIVE_POINTS, fps=200
    )
    assert record.lost == ((5, 6),)
    assert "frames without a face: 5..6" in record.warnings


def test_images_of_16_bits_that_are_read_too_dark_have_a_warning(tmp_path, heads):
    source = write_folder(tmp_path / "me", [np.asarray(heads[0], np.uint16) << 7])
    record = align(source, tmp_path / "out", FIVE_POINTS, fps=200)
    assert [warning for warning in record.warnings if "as of a camera of 15 bits" in warning]


def test_images_whose_numbers_have_a_gap_have_a_warning(tmp_path, heads):
    source = write_folder(tmp_path / "me", heads[:1])
    assert cv2.imwrite(str(source / "IMG_0005.png"), heads[0])
    shown: list[tuple[int, int, str]] = []
    record = align(source, tmp_path / "out", FIVE_POINTS, fps=200, progress=lambda *step: shown.append(step))
    assert shown == [(1, 2, "frame 1"), (2, 2, "frame 5")]
    (warning,) = [warning for warning in record.warnings if "frames 1..5, 3 missing between: 2, 3, 4" in warning]
    assert "give every frame, or take those before or after" in warning
    assert not [warning for warning in record.warnings if " faces in frame" in warning]


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["rigid", "landmarks"])
def test_the_transforms_of_a_removed_motion_make_the_aligned_frames_from_the_source(tmp_path, heads, motion):
    images = [heads[0], np.roll(heads[0], (3, 12), axis=(0, 1)), np.roll(heads[0], 20, axis=1)]
    source = write_folder(tmp_path / "me", images, first=7)
    align(source, tmp_path / "out", replace(FIVE_POINTS, motion=motion, image="png"), fps=200)
    rows = np.loadtxt(tmp_path / "out" / FRAMES / TRANSFORMS, delimiter=",")
    assert rows[:, 0].tolist() == [7, 8, 9]
    aligned = open_frames(tmp_path / "out" / FRAMES)
    for image, (number, *matrix) in zip(images, rows, strict=True):
        warp = {"dsize": (231, 282), "flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
        expected = cv2.warpAffine(image, np.reshape(matrix, (2, 3)), **warp)  # type: ignore[call-overload]
        assert np.array_equal(aligned.read(int(number)), expected)
    assert np.abs(aligned.read(8).astype(float) - aligned.read(7)).mean() < 8


def test_every_onset_has_its_own_landmarks_and_one_without_a_face_those_of_the_first(tmp_path, heads):
    """The head is 12 px further right in the last frame."""
    images = [heads[0], NOTHING, np.roll(heads[0], 12, axis=1)]
    frames = open_frames(write_folder(tmp_path / "me", images))
    writer = ClipWriter(tmp_path, AlignmentJob("me", [1, 2, 3], [1, 2, 3], (1, 2, 3), 200), frames, FIVE_POINTS)
    for number in (1, 2, 3):
        writer.write(number)
    record = writer.record()
    first, hidden, last = (np.array(record.landmarks[number]) for number in (1, 2, 3))
    assert np.array_equal(hidden, first)
    moved = (last - first).mean(axis=0)
    np.testing.assert_allclose(moved, [12 * writer.alignment.transform.scale, 0], atol=2)


def test_with_several_faces_a_warning_states_which_is_used(tmp_path, heads):
    small = cv2.resize(heads[0], (320, 240))
    both = np.hstack([heads[0], np.vstack([small, small[::-1]])])
    record = align(write_folder(tmp_path / "two", [both] * 2), tmp_path / "out", FIVE_POINTS, fps=200)
    (several,) = [warning for warning in record.warnings if " faces in frame 1" in warning]
    left, _, right, _ = record.face.box
    across = (left + right) / 2
    assert across < 640
    assert "the one at (3" in several


def test_a_cut_is_reported_with_its_frame(tmp_path, heads):
    away = np.roll(heads[0], 330, axis=1)
    record = align(
        write_folder(tmp_path / "cut", [heads[0], heads[0], away, away]), tmp_path / "out", FIVE_POINTS, fps=200
    )
    assert record.jumps == (3,)
    assert "the face is another one, or elsewhere, from frame 3 on" in record.warnings


def test_25_frames_per_second_give_a_warning(tmp_path, heads):
    record = align(write_video(tmp_path / "slow.avi", heads, fps=25), tmp_path / "out", FIVE_POINTS)
    assert any("25 frames per second are few" in warning for warning in record.warnings)


def test_a_damaged_record_is_named_with_the_remedy(tmp_path, heads):
    source, out = write_folder(tmp_path / "me", heads), tmp_path / "out"
    align(source, out, FIVE_POINTS, fps=200)
    record = json.loads((out / FRAMES / RECORD).read_text())
    del record["quality"]
    (out / FRAMES / RECORD).write_text(json.dumps(record))
    with pytest.raises(MerlabError, match=r"alignment.json is damaged: .* digest .*; remove .*frames and run"):
        align(source, out, FIVE_POINTS, fps=200)


MEMORY = r"""
import gc, re, sys
from pathlib import Path
from merlab.faces.alignment import FaceFinding
from merlab.preparation.video_faces import align
from merlab.preparation.settings import Settings

def collect(done, total, what):
    # Garbage that waits for its collection does not grow with the length for long.
    if done % 10 == 0:
        gc.collect()

settings = Settings(FaceFinding(landmarks="five-points"), "landmarks")
for source in map(Path, sys.argv[1:]):
    align(source, source.with_suffix(""), settings, fps=100, progress=collect)
    # Not ru_maxrss, which begins with the memory of the process that started this one.
    print(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_memory_does_not_grow_with_the_length_of_a_video(tmp_path, heads):
    videos = [write_video(tmp_path / f"{repeats}.avi", heads * repeats) for repeats in (8, 24)]
    command = [sys.executable, "-c", MEMORY, *map(str, videos)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    peaks = [int(peak) / 1024 for peak in printed.split()]
    assert peaks[1] - peaks[0] < 8

"""Where a command is stopped or killed while it measures a recording, it continues, and ends with the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError, Stopped
from merlab.frames import Float32Array, Image, write_image
from merlab.progress import Progress, silent
from merlab.spotting import kept_places
from merlab.spotting.comparison import by_method
from merlab.spotting.comparison import measured_recording as recording_module
from merlab.spotting.comparison.by_method import MethodOnVideos
from merlab.spotting.comparison.evaluation import WRITTEN
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.measured_recording import MeasuredRecording, measured_recording
from merlab.spotting.comparison.method_result import METADATA
from merlab.spotting.comparison.sampling import Around, Feature
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.motion import FaceMotion
from merlab.spotting.tables_of_all import EVENTS
from tests.spotting.comparison.recorded import FPS, frames, video

COUNT, MOVEMENTS = 90, [(40, 48, 56)]
(FEATURE,) = LBP_CHI2.features(Target("micro", 0.3), FPS)
# Spots with files of ten values, and ends as if it were killed when it has read so many frames.
KILLED = """
import os, signal, sys
from pathlib import Path
from merlab.spotting import kept_places
from merlab.spotting.comparison import measured_recording
from merlab.spotting.comparison.by_method import MethodOnVideos

kept_places.FRAMES_PER_FILE, measured_recording.FRAMES_A_REPORT = 10, 1

def die(done, total, what):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

MethodOnVideos("hoof", fps=50.0).spot(Path(sys.argv[1]), Path(sys.argv[2]), die)
"""


@pytest.fixture(autouse=True)
def ten_values_a_file(monkeypatch):
    monkeypatch.setattr(kept_places, "FRAMES_PER_FILE", 10)
    monkeypatch.setattr(recording_module, "FRAMES_A_REPORT", 1)


def write_frames(folder: Path, seed: int = 0) -> Path:
    folder.mkdir()
    for number, gray in enumerate(frames(COUNT, MOVEMENTS, seed), start=1):
        write_image(folder / f"{number}.png", np.repeat(gray[..., None], 3, axis=2))
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return write_frames(tmp_path_factory.mktemp("video") / "a")


def counted(calls: list[int]) -> Feature:
    """The feature, which counts how often it is computed."""

    def of(around: Around, k: int) -> NDArray[np.generic]:
        calls.append(1)
        return FEATURE.of(around, k)

    return replace(FEATURE, of=of)


def stop_at(frame: int) -> Progress:
    def show(done: float, total: int, what: str) -> None:
        if done == frame:
            raise KeyboardInterrupt

    return show


def read(
    source: Path, kept: Path, progress: Progress = silent, calls: list[int] | None = None, *, places: bool = False
) -> MeasuredRecording:
    features = [] if places else [FEATURE if calls is None else counted(calls)]
    long = LongVideo("", "", "a", source, FPS, COUNT, ())
    return measured_recording(long, features, kept, progress, places=places, aligned=False)


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".lock")}


@pytest.mark.slow
def test_a_feature_is_continued_after_the_last_file(source, tmp_path):
    whole = read(source, tmp_path / "whole").values(FEATURE)
    assert len(whole) == COUNT - FEATURE.before - FEATURE.after
    with pytest.raises(KeyboardInterrupt):
        read(source, tmp_path / "kept", stop_at(46))
    files = list((tmp_path / "kept").rglob("*.npz"))
    # The 47th frame is measured when its number is reported.
    assert len(files) == (47 - FEATURE.before - FEATURE.after) // 10
    # compare-spotting, which keeps them, may delete them with --again.
    assert all(WRITTEN.fullmatch(f"features/{path.relative_to(tmp_path / 'kept').as_posix()}") for path in files)
    calls: list[int] = []
    continued = read(source, tmp_path / "kept", calls=calls)
    assert np.array_equal(continued.values(FEATURE), whole)
    assert continued.values(FEATURE).dtype == whole.dtype
    assert len(calls) == len(whole) - 10 * len(files)
    assert not any(path.is_dir() for path in continued.folder.iterdir())


@pytest.mark.slow
def test_a_damaged_file_and_those_after_it_are_measured_anew(source, tmp_path):
    whole = read(source, tmp_path / "whole").values(FEATURE)
    with pytest.raises(KeyboardInterrupt):
        read(source, tmp_path / "kept", stop_at(46))
    (second,) = (tmp_path / "kept").rglob("00001.npz")
    second.write_bytes(second.read_bytes()[:-40])
    calls: list[int] = []
    with pytest.warns(UserWarning, match=r"00001\.npz is damaged"):
        continued = read(source, tmp_path / "kept", calls=calls)
    assert np.array_equal(continued.values(FEATURE), whole)
    assert len(calls) == len(whole) - 10


@pytest.mark.slow
def test_a_file_that_is_lost_meanwhile_leaves_no_feature_that_is_too_short(source, tmp_path):
    def lose(done: float, total: int, what: str) -> None:
        if done == COUNT - 1:
            next(tmp_path.rglob("00001.npz")).unlink()

    with pytest.raises(MerlabError, match="is missing or damaged; run the same command again"):
        read(source, tmp_path / "kept", lose)
    whole = read(source, tmp_path / "whole").values(FEATURE)
    assert np.array_equal(read(source, tmp_path / "kept").values(FEATURE), whole)


@pytest.mark.slow
def test_places_are_continued_and_stay_in_files_so_that_memory_does_not_grow(source, tmp_path, monkeypatch):
    whole = list(read(source, tmp_path / "whole", places=True).places())
    assert len(whole) == COUNT
    with pytest.raises(KeyboardInterrupt):
        read(source, tmp_path / "kept", stop_at(46), places=True)
    measured: list[int] = []
    measure = FaceMotion.__call__

    def count(motion: FaceMotion, image: Image) -> Float32Array:
        measured.append(1)
        return measure(motion, image)

    monkeypatch.setattr(FaceMotion, "__call__", count)
    continued = read(source, tmp_path / "kept", places=True)
    assert len(measured) == COUNT - 40
    assert np.array_equal(list(continued.places()), whole)
    assert len(list((continued.folder / "places").iterdir())) == COUNT // 10
    assert (continued.folder / "places.npz").stat().st_size < 1000

    (continued.folder / "places" / "00008.npz").unlink()
    with pytest.raises(MerlabError, match=r"places\.npz is missing or damaged; run the same command again"):
        list(continued.places())
    assert np.array_equal(list(read(source, tmp_path / "kept", places=True).places()), whole)


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_a_video_is_continued_and_its_result_has_the_same_bytes(source, tmp_path, again):
    MethodOnVideos("hoof", fps=FPS).spot(source, tmp_path / "whole", silent)
    out = tmp_path / "out"
    if again:
        MethodOnVideos("hoof", fps=FPS, p=0.9).spot(source, out, silent)
    old = visible(out) if again else {}
    with pytest.raises(Stopped, match=r"the features measured until now are kept in .*\.kept"):
        MethodOnVideos("hoof", fps=FPS).spot(source, out, stop_at(46), again=again)
    assert {name: content for name, content in old.items() if (out / name).read_bytes() != content} == {}
    result = MethodOnVideos("hoof", fps=FPS).spot(source, out, silent, again=again)
    assert visible(out) == visible(tmp_path / "whole")
    assert result.folder == out
    assert result.rows


@pytest.mark.slow
def test_a_video_is_continued_after_a_kill(source, tmp_path):
    MethodOnVideos("hoof", fps=FPS).spot(source, tmp_path / "whole", silent)
    out = tmp_path / "out"
    counts = []
    for frame in (30, 60):
        killed = subprocess.run([sys.executable, "-c", KILLED, str(source), str(out), str(frame)], check=False)
        assert killed.returncode == -signal.SIGKILL
        counts.append(len(list((out / ".kept").rglob("0*.npz"))))
    assert 0 < counts[0] < counts[1]
    MethodOnVideos("hoof", fps=FPS).spot(source, out, silent)
    assert visible(out) == visible(tmp_path / "whole")


@pytest.mark.slow
def test_a_result_of_which_a_part_was_in_its_place_is_put_there_by_the_same_command(source, tmp_path, monkeypatch):
    MethodOnVideos("hoof", fps=FPS).spot(source, tmp_path / "whole", silent)
    out, replace_path = tmp_path / "out", Path.replace

    def stop(path: Path, target: Path) -> Path:
        if target == out / METADATA:
            raise KeyboardInterrupt
        return replace_path(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            MethodOnVideos("hoof", fps=FPS).spot(source, out, silent)
    assert [(out / name).exists() for name in (EVENTS, METADATA)] == [True, False]
    MethodOnVideos("hoof", fps=FPS).spot(source, out, silent)
    assert visible(out) == visible(tmp_path / "whole")


def test_without_a_file_nothing_is_kept(source, tmp_path):
    with pytest.raises(Stopped, match="nothing was finished that could be kept"):
        MethodOnVideos("hoof", fps=FPS).spot(source, tmp_path / "out", stop_at(5))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_video_that_has_changed_is_not_continued(tmp_path):
    source, out = write_frames(tmp_path / "a"), tmp_path / "out"
    with pytest.raises(Stopped):
        MethodOnVideos("hoof", fps=FPS).spot(source, out, stop_at(46))
    write_image(source / "3.png", np.zeros((56, 46, 3), np.uint8))
    with pytest.raises(MerlabError, match="unfinished results of .* the video has changed since. Add --again"):
        MethodOnVideos("hoof", fps=FPS).spot(source, out, silent)
    MethodOnVideos("hoof", fps=FPS).spot(source, out, silent, again=True)
    MethodOnVideos("hoof", fps=FPS).spot(source, tmp_path / "whole", silent)
    assert visible(out) == visible(tmp_path / "whole")


@pytest.mark.slow
def test_recordings_to_fit_on_are_read_once_for_several_videos(source, tmp_path, monkeypatch):
    """The command is stopped in the second video, when it has fitted the method and made the first result."""
    training = [replace(video(name, MOVEMENTS, COUNT), source=write_frames(tmp_path / name, 1)) for name in "tu"]
    monkeypatch.setattr(by_method, "recordings_in", lambda folder: training)
    second = write_frames(tmp_path / "b", 2)

    def run(out: Path, progress: Progress) -> list[str]:
        steps: list[str] = []

        def show(done: float, total: int, what: str) -> None:
            steps.append(what)
            progress(done, total, what)

        spotter = MethodOnVideos("hoof", tmp_path, fps=FPS)
        spotter.spot_each([source, second], out, show)
        return steps

    def stop_in_the_second(done: float, total: int, what: str) -> None:
        if "reading b" in what and done == 46:
            raise KeyboardInterrupt

    assert any("reading t" in step for step in run(tmp_path / "whole", silent))
    with pytest.raises(Stopped):
        run(tmp_path / "out", stop_in_the_second)
    assert not any("reading t" in step or "reading u" in step for step in run(tmp_path / "out", silent))
    for name in "ab":
        assert visible(tmp_path / "out" / name) == visible(tmp_path / "whole" / name)
    assert (tmp_path / "out" / "events.csv").read_bytes() == (tmp_path / "whole" / "events.csv").read_bytes()
    assert not (tmp_path / "out" / ".training").exists()


@pytest.mark.slow
def test_where_it_is_stopped_in_a_recording_to_fit_on_it_says_where_its_features_are(source, tmp_path, monkeypatch):
    training = [replace(video("t", MOVEMENTS, COUNT), source=write_frames(tmp_path / "t", 1))]
    monkeypatch.setattr(by_method, "recordings_in", lambda folder: training)
    spotter, out = MethodOnVideos("hoof", tmp_path, fps=FPS), tmp_path / "out"
    with pytest.raises(Stopped, match=r"the features measured until now are kept in .*\.training$"):
        spotter.spot_each([source], out, stop_at(46))
    assert any((out / ".training").rglob("00000.npz"))
    assert not (out / "a").exists()

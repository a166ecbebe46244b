"""What is read of a recording."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError
from merlab.frames import WalkedFrame, write_image
from merlab.frames.frame import DamagedFrameError, SourceChangedError
from merlab.progress import silent
from merlab.spotting.comparison import frame_reader as module
from merlab.spotting.comparison import measured_recording as recording_module
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.measured_recording import measured_recording
from merlab.spotting.comparison.sampling import small_gray
from merlab.spotting.comparison.spotter import Target
from tests.spotting.comparison.recorded import frames, measured

COUNT, STEP = 80, 4
FEATURES = LBP_CHI2.features(Target("micro", 0.3), 50.0)


@pytest.fixture
def images():
    return [np.repeat(gray[..., None], 3, axis=2) for gray in frames(COUNT, [(20, 40, 60)])]


def of(source, features, kept):
    """A recording at 200 frames per second that is read into ``kept``."""
    return measured_recording(
        LongVideo("", "", "a", source, 200.0, COUNT, ()), features, kept, silent, places=False, aligned=False
    )


def test_only_the_frames_of_samples_are_decoded(images, tmp_path):
    """At 200 frames per second a sample is every fourth frame; here all others are empty files."""
    folder = tmp_path / "a"
    folder.mkdir()
    for number, image in enumerate(images, start=7):
        if (number - 7) % STEP == 0:
            write_image(folder / f"{number}.png", image)
        else:
            (folder / f"{number}.png").touch()
    read = of(folder, FEATURES, tmp_path / "kept")
    assert (read.first, read.frames, read.step, read.samples, read.damaged) == (7, COUNT, STEP, 20, 0)
    expected = measured(map(small_gray, images[::STEP]), FEATURES)
    assert np.array_equal(read.values(FEATURES[0]), expected[FEATURES[0].key])

    # A damaged file is removed, so that the same command makes it anew.
    (kept,) = (tmp_path / "kept").glob(f"*/{FEATURES[0].key}.npz")
    kept.write_bytes(kept.read_bytes()[:-40])
    with pytest.warns(UserWarning, match="is damaged"), pytest.raises(MerlabError, match="run the same command again"):
        read.values(FEATURES[0])
    assert not kept.exists()
    assert len(of(folder, FEATURES, tmp_path / "kept").values(FEATURES[0])) == len(expected[FEATURES[0].key])


def test_images_of_two_sizes_are_refused(images, tmp_path):
    for number, image in enumerate(images, start=7):
        write_image(tmp_path / "a" / f"{number}.png", image if number < 40 else image[:-2])
    with pytest.raises(MerlabError, match="frame 43 has .* of each size on their own"):
        of(tmp_path / "a", FEATURES, tmp_path / "kept")


def test_what_other_libraries_measured_is_measured_again(images, tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    for number, image in enumerate(images[:20], start=1):
        write_image(tmp_path / "a" / f"{number}.png", image)
    for opencv in ("4.1", "4.2", "4.2"):
        monkeypatch.setattr(recording_module, "computing_versions", lambda opencv=opencv: {"opencv": opencv})
        of(tmp_path / "a", FEATURES, tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob(f"*/{FEATURES[0].key}.npz"))) == 2


@pytest.mark.parametrize("places", [False, True])
def test_of_a_recording_that_changes_meanwhile_nothing_is_kept(images, tmp_path, places):
    folder = tmp_path / "a"
    folder.mkdir()
    for number, image in enumerate(images[:8], start=1):
        write_image(folder / f"{number}.png", image)

    def copying(done, total, what):
        write_image(folder / "9.png", images[8])

    recording = LongVideo("", "", "a", folder, 200.0, 8, ())
    with pytest.raises(SourceChangedError, match="a was changed while it was read.*when the video is complete"):
        measured_recording(recording, FEATURES, tmp_path / "kept", copying, places=places, aligned=False)
    assert not list(tmp_path.glob("kept/**/*.npz"))


def test_missing_frames_show_the_sample_before_and_are_counted(images, tmp_path):
    """In order: where no sample lies, a sample alone, and a sample beside another frame."""
    folder = tmp_path / "a"
    missing = {6, 20, *range(39, 41)}
    for place, image in enumerate(images):
        if place not in missing:
            write_image(folder / f"{place + 7}.png", image)
    read = of(folder, FEATURES, tmp_path / "kept")
    assert (read.first, read.frames, read.samples, read.damaged, read.missing, read.breaks) == (7, COUNT, 20, 0, 2, ())
    shown = [
        images[max(each for each in range(place + 1) if each % STEP == 0 and each not in missing)]
        for place in range(0, COUNT, STEP)
    ]
    expected = measured(map(small_gray, shown), FEATURES)
    assert np.array_equal(read.values(FEATURES[0]), expected[FEATURES[0].key])
    assert of(folder, FEATURES, tmp_path / "kept").missing == 2


@pytest.mark.slow
def test_other_methods_see_the_same_where_all_frames_are_read_for_the_spotter_of_merlab(images, tmp_path):
    """What a method finds does not depend on those that it is compared with: damage is a sample, beside one, a gap."""
    folder = tmp_path / "a"
    folder.mkdir()
    for place, image in enumerate(images):
        if place not in {6, 20, *range(61, 64)}:
            write_image(folder / f"{place + 7}.png", image if place not in {2, 3, 24} else np.zeros_like(image))
    recording = LongVideo("", "", "a", folder, 200.0, COUNT, ())
    alone, beside = (
        measured_recording(recording, FEATURES, tmp_path / str(places), silent, places=places, aligned=False)
        for places in (False, True)
    )
    assert (alone.first, alone.frames, alone.breaks) == (beside.first, beside.frames, beside.breaks)
    assert (alone.damaged, beside.damaged) == (1, 3)
    for feature in FEATURES:
        assert np.array_equal(alone.values(feature), beside.values(feature), equal_nan=True)


@pytest.mark.parametrize("blank", [None, 0, 255])
def test_damaged_frames_show_the_sample_before_and_are_counted(images, tmp_path, monkeypatch, blank):
    """Those that are blank likewise. In order: before the first sound sample, between two, and where no sample lies."""
    damaged = {0, 40, 41}

    class Damaged:
        fps = clock = None
        numbers, promised = range(1, COUNT + 1), COUNT

        def walk(self, wanted):
            for number, image in enumerate(images, start=1):
                lost = None if blank is None else np.full_like(image, blank)
                shown = lost if number - 1 in damaged else image
                yield WalkedFrame(number, None, shown if wanted(number) else None)

        def read(self, number):
            raise DamagedFrameError("frame 1 is damaged")

    (tmp_path / "a").mkdir()
    monkeypatch.setattr(module, "open_frames", lambda source: Damaged())
    read = of(tmp_path / "a", FEATURES, tmp_path / "kept")
    assert (read.first, read.frames, read.damaged) == (1, COUNT, 2)
    shown = [images[4], *images[4:40:4], images[36], *images[44::4]]
    expected = measured(map(small_gray, shown), FEATURES)
    assert np.array_equal(read.values(FEATURES[0]), expected[FEATURES[0].key])

    damaged.update(range(COUNT))
    assert of(tmp_path / "a", FEATURES, tmp_path / "kept").damaged == 2
    if blank is not None:
        assert of(tmp_path / "a", FEATURES, tmp_path / "other").damaged == COUNT / STEP
        return
    with pytest.raises(MerlabError, match="contains no frame that can be read"):
        of(tmp_path / "a", FEATURES, tmp_path / "other")

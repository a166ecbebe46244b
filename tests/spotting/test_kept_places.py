"""What is kept of a source is read as it was, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.spotting import kept_places
from merlab.spotting.kept_places import FramesRead, KeptPlaces
from merlab.spotting.light import Light
from merlab.spotting.motion import COLUMNS, ROWS

FACTS = FramesRead(count=7, first=46, damaged=[48], light=Light(faces=2, dark=1))


@pytest.fixture
def places(monkeypatch):
    """Seven frames, three in each file."""
    monkeypatch.setattr(kept_places, "FRAMES_PER_FILE", 3)
    return np.random.default_rng(0).normal(size=(7, ROWS, COLUMNS, 2)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, places):
    kept = KeptPlaces(tmp_path)
    assert kept.is_empty
    assert np.array_equal(list(kept.keep(places)), places)
    kept.conclude(FACTS)
    return tmp_path


def test_the_places_and_what_was_read_are_the_same(folder, places):
    assert KeptPlaces(folder).whole() == FACTS
    assert np.array_equal(list(KeptPlaces(folder).read()), places)
    assert not KeptPlaces(folder).is_empty


def test_where_a_file_is_missing_the_places_before_it_are_used_and_the_others_written_again(folder, places):
    (folder / "00001.npz").unlink()
    first = (folder / "00000.npz").stat().st_mtime_ns
    kept = KeptPlaces(folder)
    assert kept.whole() is None
    assert np.array_equal(list(kept.read()), places[:3])
    list(kept.keep(places))
    kept.conclude(FACTS)
    assert KeptPlaces(folder).whole() == FACTS
    assert (folder / "00000.npz").stat().st_mtime_ns == first


def test_a_file_that_is_lost_meanwhile_is_not_left_out_in_silence(folder, places):
    assert np.array_equal(list(KeptPlaces(folder).all(7)), places)
    (folder / "00002.npz").unlink()
    with pytest.raises(MerlabError, match="are missing or damaged; run the same command again"):
        list(KeptPlaces(folder).all(7))


def test_nothing_is_whole_before_the_end_was_reached(folder):
    (folder / "read.npz").unlink()
    assert KeptPlaces(folder).whole() is None

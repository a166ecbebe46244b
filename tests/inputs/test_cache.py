"""The cache of inputs never changes a number: a damaged entry is made anew, and other content has another entry."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import shutil
import time
import warnings
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.frames import ClipError
from merlab.inputs import as_recipe, extraction, load_inputs, parse_recipe, require_possible
from merlab.inputs.cache import file_digest
from tests.frames.videos import write_video
from tests.helpers import make_clip, moved, mutated, own_input, texture, write_frames

RECIPE = "flow:scale=raw"
MUTANTS = 120


@pytest.fixture
def table(tmp_path):
    onset = texture(1, 94, 77)
    return ClipTable((make_clip(write_frames(tmp_path / "frames", [onset, moved(onset, 1.5, 0), onset])),))


def only_entry(cache):
    (entry,) = cache.rglob("*.npy")
    return entry


def as_npy(value, **options):
    buffer = io.BytesIO()
    np.save(buffer, value, **options)
    return buffer.getvalue()


@pytest.mark.skipif(hasattr(cv2, "optflow"), reason="this environment has OpenCV's contrib build")
def test_a_missing_package_is_named_before_any_work_where_something_is_not_cached(table, tmp_path):
    recipe = parse_recipe("flow:algorithm=tvl1,size=28x28")
    with pytest.raises(MerlabError, match=r'TV-L1 flow needs the contrib build of OpenCV; run .*\[tvl1\]"'):
        require_possible(table, recipe, tmp_path / "cache")
    folder = tmp_path / "cache" / re.sub(r"[^A-Za-z0-9._=-]+", "_", str(recipe))
    folder.mkdir(parents=True)
    (folder / "made_elsewhere.npy").touch()
    require_possible(table, recipe, tmp_path / "cache")


@pytest.mark.parametrize("below", ["", "inputs"])
def test_a_file_in_the_place_of_the_cache_is_named_before_any_input_is_made(table, tmp_path, below):
    (tmp_path / "cache").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MerlabError, match=r"cache is a file; choose a folder for the cache of inputs"):
            load_inputs(table, parse_recipe(RECIPE), tmp_path / "cache" / below)


def test_a_disk_with_too_little_space_is_named_before_any_input_is_made(table, tmp_path, monkeypatch):
    recipe, cache = parse_recipe(RECIPE), tmp_path / "cache"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(
        MerlabError, match=r"the inputs of 1 clip take .* GB in .*cache.*, but the disk has 0\.0 GB left"
    ):
        load_inputs(table, recipe, cache)
    assert not cache.exists()
    monkeypatch.undo()
    right = load_inputs(table, recipe, cache)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    np.testing.assert_array_equal(load_inputs(table, recipe, cache), right)


@pytest.mark.slow
def test_every_damaged_entry_is_made_anew_and_named(table, tmp_path):
    cache, random = tmp_path / "cache", np.random.default_rng(6)
    right = load_inputs(table, parse_recipe(RECIPE), cache)
    entry = only_entry(cache)
    sound = entry.read_bytes()
    for _ in range(MUTANTS):
        damaged = mutated(sound, random)
        entry.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as reported:
            warnings.simplefilter("always")
            read = load_inputs(table, parse_recipe(RECIPE), cache)
        assert np.array_equal(read, right)
        assert entry.read_bytes() == sound
        assert [entry.name in str(each.message) for each in reported] == [True] * (damaged != sound)


@pytest.mark.parametrize(
    "content",
    [
        as_npy(np.float32(7)),
        as_npy(np.zeros((3, 28, 28), np.float32)),
        as_npy(np.zeros((1, 28, 28), np.float32)),
        as_npy(np.zeros((3, 28, 28), np.float64)),
        as_npy(np.array({"a": 1}, dtype=object), allow_pickle=True),
        pickle.dumps({"a": 1}),
        b"",
    ],
    ids=["scalar", "no digest", "other shape", "other type", "object", "pickle", "empty"],
)
def test_an_entry_that_merlab_did_not_write_is_made_anew(table, tmp_path, content):
    cache = tmp_path / "cache"
    right = load_inputs(table, parse_recipe(RECIPE), cache)
    only_entry(cache).write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged"):
        assert np.array_equal(load_inputs(table, parse_recipe(RECIPE), cache), right)


def test_an_entry_under_the_name_of_another_clip_is_made_anew(tmp_path):
    first, second = texture(1), texture(2)
    folders = [
        write_frames(tmp_path / name, [image, moved(image, 1, 0), image])
        for name, image in [("a", first), ("b", second)]
    ]
    table = ClipTable(tuple(make_clip(folder, name=folder.name) for folder in folders))
    right = load_inputs(table, parse_recipe(RECIPE), tmp_path / "cache")
    entries = sorted((tmp_path / "cache").rglob("*.npy"))
    entries[1].write_bytes(entries[0].read_bytes())
    with pytest.warns(UserWarning, match="is damaged"):
        assert np.array_equal(load_inputs(table, parse_recipe(RECIPE), tmp_path / "cache"), right)


def test_sound_entries_are_read_without_a_warning(table, tmp_path, recwarn):
    first, second = (load_inputs(table, parse_recipe(RECIPE), tmp_path / "cache") for _ in range(2))
    assert np.array_equal(first, second)
    assert [str(each.message) for each in recwarn] == []


def write_bitmap(path, image):
    """Write an image as a bitmap, whose size does not depend on its pixels."""
    cv2.imwrite(str(path), cv2.cvtColor(image.round().astype(np.uint8), cv2.COLOR_GRAY2BGR))


def test_other_bytes_under_the_same_path_size_and_time_are_another_input(table, tmp_path):
    folder, cache = table.clips[0].source, tmp_path / "cache"
    (folder / "img2.png").unlink()
    apex = folder / "img2.bmp"
    write_bitmap(apex, moved(texture(1, 94, 77), 1.5, 0))
    before = load_inputs(table, parse_recipe(RECIPE), cache)
    state = apex.stat()
    write_bitmap(apex, moved(texture(1, 94, 77), -2, 0))
    os.utime(apex, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (apex.stat().st_size, apex.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    after = load_inputs(table, parse_recipe(RECIPE), cache)
    # Flow is measured at 231x282, three times the size of these frames.
    assert np.median(before[0, 0]) == pytest.approx(3 * 1.5, abs=0.3)
    assert np.median(after[0, 0]) == pytest.approx(3 * -2, abs=0.3)


def test_a_file_is_read_again_only_if_it_was_written(tmp_path, monkeypatch):
    file = tmp_path / "clip.avi"
    file.write_bytes(b"first")
    assert file_digest(file) == hashlib.sha256(b"first").hexdigest()
    state = file.stat()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", None)
        assert file_digest(file) == hashlib.sha256(b"first").hexdigest()
    time.sleep(0.05)  # more than the resolution of file times
    file.write_bytes(b"other")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file_digest(file) == hashlib.sha256(b"other").hexdigest()


def test_frames_that_are_moved_or_copied_are_not_computed_again(table, tmp_path):
    cache = tmp_path / "cache"
    before = load_inputs(table, parse_recipe(RECIPE), cache)
    elsewhere = table.clips[0].source.rename(tmp_path / "elsewhere")
    after = load_inputs(ClipTable((make_clip(elsewhere),)), parse_recipe(RECIPE), cache)
    assert np.array_equal(before, after)
    assert only_entry(cache)


@pytest.mark.parametrize(
    ("recipe", "before", "after"),
    [
        ("flow:magnify=evm10", None, 9),
        ("flow:no-apex=middle,at=native", None, 2),
        ("hsv-flow:frames=3,magnify=evm10,size=16x16", 3, 6),
        ("hsv-flow:frames=3,size=16x16", 1, 2),
    ],
)
def test_another_apex_is_another_input_though_the_same_files_are_read(tmp_path, recipe, before, after):
    onset, offset = texture(1, 94, 77), 2 if after == 2 else 9
    frames = write_frames(tmp_path / "frames", [moved(onset, 4 - abs(4 - number), 0) for number in range(9)])
    earlier, corrected = (
        ClipTable((make_clip(frames, onset=1, apex=apex, offset=offset),)) for apex in (before, after)
    )
    load_inputs(earlier, parse_recipe(recipe), tmp_path / "cache")
    found = load_inputs(corrected, parse_recipe(recipe), tmp_path / "cache")
    np.testing.assert_array_equal(found, load_inputs(corrected, parse_recipe(recipe), tmp_path / "fresh"))


def test_the_input_of_a_video_is_made_anew_with_another_pyav_which_decodes_it(table, tmp_path, monkeypatch):
    video = write_video(tmp_path / "a.mp4", "libx264")
    of_video = ClipTable((make_clip(video, aligned=True),))
    for pyav, entries in (("17.1.0", 2), ("18.0.0", 3), ("18.0.0", 3)):
        monkeypatch.setattr(extraction, "version", lambda _, pyav=pyav: pyav)
        for clips in (table, of_video):
            load_inputs(clips, parse_recipe(RECIPE), tmp_path / "cache")
        assert len(list((tmp_path / "cache").rglob("*.npy"))) == entries


def test_a_clip_may_have_a_name_that_is_too_long_for_a_file(table, tmp_path):
    long = ClipTable(tuple(replace(table.clips[0], name="n" * 300 + ending) for ending in "ab"))
    assert len(load_inputs(long, parse_recipe(RECIPE), tmp_path / "cache")) == 2
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2


def test_on_windows_a_path_in_the_cache_of_a_user_is_not_too_long(table, tmp_path, monkeypatch):
    """Windows refuses a path of 260 characters or more; a folder is followed by a temporary file in it."""
    monkeypatch.setattr("sys.platform", "win32")
    # Older versions of threadpoolctl search the libraries of this process as on Windows.
    monkeypatch.setattr("merlab.inputs.extraction.one_thread", nullcontext)
    long = ClipTable((replace(table.clips[0], name="n" * 300),))
    recipes = [
        f"flow:channels=uvs,scale=centered,size=28x28,at=native,no-apex={apex}" for apex in ("middle", "spotted")
    ]
    found = [load_inputs(long, parse_recipe(recipe), tmp_path) for recipe in recipes]
    first, second = tmp_path.rglob("*.npy")
    assert first.parent != second.parent
    home = "C:\\Users\\a.name.of.20.letters\\AppData\\Local\\merlab\\merlab\\Cache\\inputs"
    temporary = f".unfinished-01234567-{first.name[-40:]}"
    assert all(len(f"{home}\\{first.parent.name}\\{name}") < 260 for name in (first.name, temporary))
    assert [load_inputs(long, parse_recipe(recipe), tmp_path).tobytes() for recipe in recipes] == [
        each.tobytes() for each in found
    ]


def test_an_edited_input_of_your_own_never_meets_its_old_array(table, tmp_path):
    first = own_input(lambda clip, frames, recipe: np.full((1, 8, 8), 1, np.float32))
    edited = own_input(lambda clip, frames, recipe: np.full((1, 8, 8), 2, np.float32))
    assert (load_inputs(table, as_recipe(first), tmp_path) == 1).all()
    assert (load_inputs(table, as_recipe(edited), tmp_path) == 2).all()
    assert (load_inputs(table, as_recipe(first), tmp_path) == 1).all()
    assert len(list(tmp_path.rglob("*.npy"))) == 2


def test_an_input_of_your_own_in_double_precision_is_stored_as_float32(table, tmp_path, recwarn):
    kind = own_input(lambda clip, frames, recipe: np.full((1, 8, 8), 0.1))
    first, second = (load_inputs(table, as_recipe(kind), tmp_path) for _ in range(2))
    assert (first == np.float32(0.1)).all()
    assert np.array_equal(first, second)
    assert len(recwarn) == 0


@pytest.mark.parametrize("shape", [(), (8, 8), (2, 8, 8), (1, 8, 1)])
def test_an_input_of_your_own_with_another_shape_than_it_states_is_refused(table, tmp_path, shape):
    kind = own_input(lambda clip, frames, recipe: np.zeros(shape, np.float32))
    with pytest.raises(ClipError, match=r"shape .*states \(1, 8, 8\)"):
        load_inputs(table, as_recipe(kind), tmp_path)
    assert not list(tmp_path.rglob("*.npy"))

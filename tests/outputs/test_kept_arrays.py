"""Arrays that are kept between two commands are exactly those that were written, or none."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest

from merlab.outputs.kept_arrays import read_arrays, read_kept_bytes, write_arrays, write_kept_bytes
from tests.helpers import mutated

ARRAYS = {"places": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 2, 2), "record": np.array('{"é": 1}')}


def test_arrays_are_read_as_they_were_written_and_by_numpy_too(tmp_path):
    write_arrays(tmp_path / "00000.npz", ARRAYS)
    read = read_arrays(tmp_path / "00000.npz")
    assert read is not None
    assert read["places"].dtype == np.float32
    assert np.array_equal(read["places"], ARRAYS["places"])
    assert str(read["record"]) == '{"é": 1}'
    with np.load(tmp_path / "00000.npz") as by_numpy:
        assert np.array_equal(by_numpy["places"], ARRAYS["places"])


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        write_arrays(tmp_path / folder / "00000.npz", ARRAYS)
    assert (tmp_path / "a" / "00000.npz").read_bytes() == (tmp_path / "b" / "00000.npz").read_bytes()


def test_the_bytes_are_not_copied_for_their_digest(tmp_path):
    """What is kept of an hour of 200 frames a second fills a gigabyte."""
    content = bytes(4_000_000)
    tracemalloc.start()
    try:
        write_kept_bytes(tmp_path / "00000.npz", content)
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assert read_kept_bytes(tmp_path / "00000.npz") == content
        read = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert written < 0.1 * len(content)
    # The file, and its content without the digest.
    assert read < 2.1 * len(content)


def test_a_file_that_is_missing_is_none(tmp_path):
    assert read_arrays(tmp_path / "00000.npz") is None


def test_nothing_is_damaged_where_a_file_takes_the_place_of_the_folder(tmp_path, recwarn):
    (tmp_path / "cache").write_text("a file")
    assert read_kept_bytes(tmp_path / "cache" / "a.npy") is None
    assert not recwarn


def test_any_damage_is_noticed_and_named(tmp_path):
    random, path = np.random.default_rng(11), tmp_path / "00000.npz"
    write_arrays(path, ARRAYS)
    sound = path.read_bytes()
    for _ in range(200):
        damaged = mutated(sound, random)
        path.write_bytes(damaged)
        if damaged != sound:
            with pytest.warns(UserWarning, match=r"00000\.npz is damaged .*; it is made anew"):
                assert read_arrays(path) is None


def test_a_file_under_another_name_is_not_read(tmp_path):
    write_arrays(tmp_path / "00000.npz", ARRAYS)
    (tmp_path / "00000.npz").rename(tmp_path / "00001.npz")
    with pytest.warns(UserWarning, match="00001"):
        assert read_arrays(tmp_path / "00001.npz") is None


def test_a_file_that_begins_in_another_way_is_damaged(tmp_path):
    path = tmp_path / "00000.npy"
    write_kept_bytes(path, b"(2, 3)", b"values")
    assert read_kept_bytes(path, begin=b"(2, 3)") == b"(2, 3)values"
    with pytest.warns(UserWarning, match=r"^the cached input .*00000\.npy is damaged"):
        assert read_kept_bytes(path, "cached input", b"(3, 2)") is None


def test_objects_are_never_unpickled(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, objects=np.array([print], dtype=object))
    write_kept_bytes(tmp_path / "00000.npz", buffer.getvalue())
    assert read_arrays(tmp_path / "00000.npz") is None
    assert read_kept_bytes(tmp_path / "00000.npz") == buffer.getvalue()

"""Images of 16 bits from cameras of 13 to 15 bits, which are read too dark."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.databases import find_database
from merlab.frames import dim_caveats, read_image
from merlab.frames.images import DepthError
from merlab.progress import silent

GRAY = np.tile(np.arange(0, 256, 4, dtype=np.uint16), (48, 1))


def write(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def folder_of(path: Path, *images: np.ndarray) -> Path:
    for number, image in enumerate(images, start=1):
        write(path / f"{number}.png", image)
    return path


@pytest.mark.parametrize(("bits", "share", "divisor"), [(13, "1/8", 32), (14, "1/4", 64), (15, "1/2", 128)])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_have_a_warning_with_the_divisor_that_keeps_their_values(tmp_path, bits, share, divisor, suffix):
    path = write(tmp_path / f"1{suffix}", GRAY << (bits - 8))
    (said,) = dim_caveats(tmp_path)
    assert f"no value above {2**bits - 1}, as of a camera of {bits} bits" in said
    assert f"with {share} of their brightness" in said
    assert f"divided by {divisor};" in said
    assert read_image(path).max() == int(GRAY.max() * Fraction(share))


def test_a_dark_image_among_bright_ones_has_none(tmp_path):
    assert not dim_caveats(folder_of(tmp_path / "16", GRAY << 6, GRAY << 8))
    assert not dim_caveats(folder_of(tmp_path / "8", (GRAY // 4).astype(np.uint8)))
    write(tmp_path / "jpg" / "1.jpg", (GRAY // 4).astype(np.uint8))
    assert not dim_caveats(tmp_path / "jpg")
    assert not dim_caveats(tmp_path / "jpg" / "1.jpg")


def test_a_dark_image_of_a_camera_of_14_bits_is_refused_with_the_divisor_of_its_camera(tmp_path):
    """All of its values are below 4096, as are those of a camera of 12 bits."""
    path = write(tmp_path / "1.png", (GRAY // 8) << 6)
    with pytest.raises(
        DepthError, match=r"12 bits or fewer, or in a dark image of one of 13 to 15.* by 64 for one of 14"
    ):
        read_image(path)


def test_an_image_whose_brightest_value_needs_all_bits_has_none(tmp_path):
    assert not dim_caveats(folder_of(tmp_path, np.full_like(GRAY, 2**15)))
    assert "no value above 32767" in dim_caveats(folder_of(tmp_path, np.full_like(GRAY, 2**15 - 1)))[0]


def test_damaged_ones_say_nothing_about_the_others(tmp_path):
    folder = folder_of(tmp_path / "me", GRAY << 4, GRAY << 6)
    (folder / "1.png").write_bytes(b"")
    assert "a camera of 14 bits" in dim_caveats(folder)[0]
    (folder / "2.png").write_bytes(b"")
    assert not dim_caveats(folder)


def test_of_a_database_are_one_finding_and_its_clips_are_usable(tmp_path):
    table = tmp_path / "clips.csv"
    table.write_text("subject,clip,frames,fps\nanna,smile,a,200\nbela,smile,b,200\n")
    folder_of(tmp_path / "a", GRAY << 6, GRAY << 6)
    folder_of(tmp_path / "b", GRAY.T.copy() << 6, GRAY.T.copy() << 6)
    examination = find_database("table").examine(table, True, silent)
    (found,) = [each for each in examination.findings if "16 bits" in each.found]
    assert (found.severity, found.where) == ("differs", "all clips")
    assert len(examination.clips) == 2
    write(tmp_path / "b" / "1.png", GRAY.T.copy() << 8)
    findings = find_database("table").examine(table, True, silent).findings
    assert not [each for each in findings if "16 bits" in each.found]

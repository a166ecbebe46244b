"""How long a file should be, and its frames, as its container says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from merlab.frames.boxes import boxes
from merlab.frames.ending import is_cut_off, stated_seconds

EBML = b"\x1aE\xdf\xa3\x80"
# The identifier of a segment, its size as RFC 8794 writes it in 1, 2, 4 or 8 bytes, and so many bytes.
SEGMENTS = [
    b"\x18S\x80g" + size + bytes(length)
    for size, length in (
        (b"\x83", 3),
        (b"\x40\x83", 131),
        (b"\x10\x00\x00\x83", 131),
        (b"\x01" + bytes(6) + b"\x83", 131),
    )
]
AVI = b"RIFF" + (24).to_bytes(4, "little") + b"AVI " + bytes(20)


@pytest.mark.parametrize(
    ("container", "content"), [("avi", AVI), *(("matroska,webm", EBML + segment) for segment in SEGMENTS)]
)
def test_a_file_that_ends_before_its_header_says_is_cut_off(tmp_path, container, content):
    """One byte may be missing of an AVI, whose last chunk may lack the one that makes its length even."""
    missing = 2 if container == "avi" else 1
    for length in (len(content) - missing, len(content) - missing + 1, len(content), len(content) + 9):
        (tmp_path / "a").write_bytes(content[:length].ljust(length, b"\0"))
        assert is_cut_off(tmp_path / "a", container) is (length == len(content) - missing)


def box(kind: bytes, length: int, *, size: int | None = None) -> bytes:
    """A box of ISO 14496-12, section 4.2, of 32 bits of size, or of 64 where ``size`` is 1."""
    header = (length if size is None else size).to_bytes(4, "big") + kind
    header += length.to_bytes(8, "big") if size == 1 else b""
    return header + bytes(length - len(header))


@pytest.mark.parametrize(
    ("last", "cuts"),
    [(box(b"mdat", 40), (8, 9, 39)), (box(b"mdat", 40, size=1), (8, 9, 15, 16, 39)), (box(b"free", 8), ())],
    ids=["32 bits", "64 bits", "empty"],
)
def test_a_file_of_boxes_is_cut_off_where_the_last_one_is_not_whole(tmp_path, last, cuts):
    whole = box(b"ftyp", 24) + box(b"moov", 16) + last
    (tmp_path / "a").write_bytes(whole)
    assert not is_cut_off(tmp_path / "a", "mov,mp4")
    for kept in cuts:
        (tmp_path / "a").write_bytes(whole[: 40 + kept])
        assert is_cut_off(tmp_path / "a", "mov,mp4")


def test_a_box_without_a_size_ends_with_the_file(tmp_path):
    """ISO 14496-12, section 4.2: a size of 0."""
    (tmp_path / "a").write_bytes(box(b"ftyp", 24) + box(b"mdat", 40, size=0))
    assert list(boxes(tmp_path / "a")) == [(b"ftyp", 24), (b"mdat", 64)]
    assert not is_cut_off(tmp_path / "a", "mov,mp4")


@pytest.mark.parametrize(("end", "cut_off"), [(b";", False), (b";\0\0", False), (b"", True), (b"\x05abcde\0", True)])
def test_a_gif_ends_with_its_trailer(tmp_path, end, cut_off):
    """GIF89a, section 27: the trailer is the byte 0x3B; some programs add zeros."""
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + bytes(9000) + b"\x01\x02" + end)
    assert is_cut_off(tmp_path / "a.gif", "gif") is cut_off


def test_of_a_live_recording_in_matroska_it_is_not_known(tmp_path):
    for size in (b"\xff", b"\x01" + 7 * b"\xff", b"\0", b""):
        (tmp_path / "a").write_bytes(EBML + b"\x18S\x80g" + size)
        assert not is_cut_off(tmp_path / "a", "matroska,webm")


def test_the_seconds_of_the_frames_are_those_of_the_header():
    def seconds(container: str, **stated: Any) -> float | None:
        stream: Any = SimpleNamespace(**stated)
        return stated_seconds(container, stream)

    assert seconds("matroska,webm", metadata={"DURATION": "01:02:03.500000000"}) == 3723.5
    assert seconds("matroska,webm", metadata={}) is None
    assert [seconds(each, duration=300, time_base=0.5) for each in ("mov,mp4", "avi", "mpegts")] == [150, 150, None]
    assert seconds("avi", duration=None, time_base=0.5) is None
    assert seconds("mov,mp4", duration=300, time_base=None) is None

"""The zip file of a result."""

from __future__ import annotations

import io
import os
import zipfile

from merlab.serving.archive import zipped


def test_files_of_a_machine_without_a_clock_are_in_the_zip_file(tmp_path):
    file = tmp_path / "events.csv"
    file.write_text("event\n", encoding="utf-8")
    os.utime(file, (0, 0))
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped({"events.csv": file})))) as archive:
        assert archive.testzip() is None
        assert archive.read("events.csv") == b"event\n"


def test_files_are_sent_once_in_small_chunks_and_packed_where_that_makes_them_smaller(tmp_path):
    contents = {"events.csv": b"e0001,0\n" * 100_000, "events/e0001/onset.png": os.urandom(600_000), "empty.csv": b""}
    contents |= {"overlay.mp4": os.urandom(1000), "photo.jpg": os.urandom(1000)}
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    chunks = list(zipped({name: tmp_path / name for name in contents}))
    with zipfile.ZipFile(io.BytesIO(b"".join(chunks))) as archive:
        entries = archive.infolist()
        assert {entry.filename: archive.read(entry) for entry in entries} == contents
    # Otherwise the file begins with something that is no part of it.
    assert entries[0].header_offset == 0
    packed = {entry.filename: entry.compress_size for entry in entries}
    assert packed["events.csv"] < 10_000
    stored = ("events/e0001/onset.png", "overlay.mp4", "photo.jpg")
    assert [packed[name] for name in stored] == [len(contents[name]) for name in stored]
    assert max(map(len, chunks)) < 300_000
    assert len(b"".join(chunks)) < sum(packed.values()) + 1000

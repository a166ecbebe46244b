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

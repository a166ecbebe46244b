"""JSON files: read back as written, and named where they are damaged."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.json_files import json_text, read_json, read_json_object, write_json

DAMAGED_JSON = [
    b"",
    b'{"cut": ',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 5000,
    b'{"seed": -' + b"9" * 5000 + b"}",
]


class TestJson:
    def test_is_read_back_as_it_was_written(self, tmp_path):
        content = {"naïve": [1, 2.5, None, "é"], "name": "caf\udce9.mp4"}
        write_json(tmp_path / "run.json", content)
        assert read_json(tmp_path / "run.json") == content

    def test_that_cannot_be_written_leaves_the_old_file(self, tmp_path):
        write_json(tmp_path / "run.json", 1)
        with pytest.raises(TypeError):
            write_json(tmp_path / "run.json", object())
        assert read_json(tmp_path / "run.json") == 1

    @pytest.mark.parametrize("content", DAMAGED_JSON)
    def test_that_is_damaged_is_named(self, tmp_path, content):
        (tmp_path / "run.json").write_bytes(content)
        with pytest.raises(MerlabError, match=r"run\.json is not valid JSON"):
            read_json(tmp_path / "run.json")

    @pytest.mark.parametrize("content", [b"[1, 2]", b"7", b"null", b'"settings"'])
    def test_that_is_not_an_object_is_named(self, tmp_path, content):
        (tmp_path / "run.json").write_bytes(content)
        with pytest.raises(MerlabError, match=r"run\.json holds .*, not an object.*run the command"):
            read_json_object(tmp_path / "run.json")

    def test_with_any_fault_is_named_or_read_and_never_crashes(self, tmp_path):
        random = np.random.default_rng(9)
        sound = json.dumps({"seeds": [1, 2.5, None], "méthode": {"name": "dbfem", "true": True}}).encode()
        for _ in range(300):
            damaged = bytearray(sound)
            for place in random.integers(len(sound), size=int(random.integers(1, 4))):
                damaged[place] = int(random.integers(256))
            (tmp_path / "run.json").write_bytes(damaged)
            with suppress(MerlabError):
                assert isinstance(read_json_object(tmp_path / "run.json"), dict)

    def test_that_is_missing_is_named(self, tmp_path):
        with pytest.raises(MerlabError, match=r"cannot read .*run\.json"):
            read_json(tmp_path / "run.json")


def test_json_is_what_every_program_reads():
    """JSON has no NaN; a name from another encoding has characters that UTF-8 cannot encode."""
    content = {"a": float("nan"), "b": [1.5, float("inf"), {"c": -float("inf")}], "d": (1, "高兴 \udcff"), "e": True}
    text = json_text(content)
    assert json.loads(text.encode("utf-8"), parse_constant=pytest.fail) == {
        "a": None,
        "b": [1.5, None, {"c": None}],
        "d": [1, "高兴 \udcff"],
        "e": True,
    }
    assert "高兴" in text

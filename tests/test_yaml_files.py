"""YAML files hold what they look like; the surprises of YAML 1.1 are refused with their line."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.yaml_files import read_yaml


def read(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    return read_yaml(tmp_path / "mine.yaml")


def test_plain_values_are_read(tmp_path):
    text = "a: 5\nb: [1.5, x, true, null]\nc: {d: '010'}\ne: &name happy\nf: *name\n"
    assert read(tmp_path, text) == {
        "a": 5,
        "b": [1.5, "x", True, None],
        "c": {"d": "010"},
        "e": "happy",
        "f": "happy",
    }


@pytest.mark.parametrize("number", ["010", "1:30", "0x10", "0b11", "1_000", "9" * 5000])
def test_a_number_that_is_not_decimal_is_refused_with_its_line(tmp_path, number):
    """PyYAML reads 010 as 8, and 1:30 as 90."""
    with pytest.raises(MerlabError, match=r"mine\.yaml cannot be read as YAML: .* is not a decimal.*line 2"):
        read(tmp_path, f"a: 1\nseeds: {number}\n")


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "{a: 1, a: 1}", "b: {a: 1, 'a': 1}"])
def test_a_key_that_occurs_twice_is_refused(tmp_path, text):
    with pytest.raises(MerlabError, match="'a' occurs twice; keep one of them"):
        read(tmp_path, text)


def test_anchors_that_stand_for_more_values_than_fit_into_memory_are_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(MerlabError, match="an alias of a list or mapping is not read; write it out"):
        read(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "2020-13-45",
        "[" * 600,
        "&a [*a]",
        "*missing",
        "!!python/object/apply:os.system [ls]",
        "? [a]\n: b",
        "\0",
    ],
)
def test_a_file_that_is_no_sound_yaml_is_named_with_what_to_do(tmp_path, text):
    with pytest.raises(MerlabError, match=r"mine\.yaml .*; correct the file"):
        read(tmp_path, text)


def test_the_place_of_a_fault_is_a_line(tmp_path):
    with pytest.raises(MerlabError, match=r"'a' occurs twice; keep one of them in line 2, column 1: a: 2 \^; correct"):
        read(tmp_path, "a: 1\na: 2\n")


def test_a_file_in_another_encoding_is_named_with_the_right_one(tmp_path):
    (tmp_path / "mine.yaml").write_bytes("Glück: positive".encode("cp1252"))
    with pytest.raises(MerlabError, match=r"mine\.yaml .*: it is not text in UTF-8; save it as UTF-8$"):
        read_yaml(tmp_path / "mine.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"none\.yaml cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")

"""What is said about rows of a table of clips that can be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from merlab.clips import Finding
from merlab.databases import find_database
from merlab.databases.database import Examination
from merlab.progress import silent
from tests.databases.release import image_bytes, write_images

PNG = image_bytes(suffix=".png")


def examine(root: Path, labels: Sequence[str]) -> Examination:
    """A table of clips with these labels, each of a subject of its own."""
    write_images(root / "frames", (f"{number}.png" for number in range(1, 9)), PNG)
    lines = [f"s{number}\tc\tframes\t200\t{label}" for number, label in enumerate(labels)]
    table = root / "mine.tsv"
    table.write_text("\n".join(["subject\tclip\tframes\tfps\tlabel", *lines]), encoding="utf-8")
    return find_database("table").examine(table, False, silent)


def about_labels(examination: Examination) -> list[Finding]:
    return [finding for finding in examination.findings if finding.expected == "one spelling per label"]


@pytest.mark.parametrize(
    ("one", "other", "label"),
    [
        ("low arousal", "low  arousal", "low arousal"),
        ("low arousal", "low\xa0arousal", "low arousal"),
        ("anger", "anger\u200b", "anger"),
        ("Überraschung", "U\u0308berraschung", "überraschung"),
        ("1", "1.0", "1"),
    ],
)
def test_labels_that_look_the_same_are_one_class_and_are_named(tmp_path, one, other, label):
    examination = examine(tmp_path, [one, other])
    assert {clip.emotion for clip in examination.clips} == {label}
    (finding,) = about_labels(examination)
    assert (finding.severity, finding.remedy) == ("handled", f"all are read as {label}")


def test_labels_that_differ_by_one_letter_stay_two_classes_and_are_named(tmp_path):
    examination = examine(tmp_path, ["happiness", "hapiness", "anger"])
    assert {clip.emotion for clip in examination.clips} == {"happiness", "hapiness", "anger"}
    (finding,) = about_labels(examination)
    assert (finding.severity, finding.found) == ("differs", "hapiness and happiness")


@pytest.mark.parametrize("sign", ["?", "/", "NaN", "n/a"])
def test_a_sign_for_an_unknown_label_is_no_class(tmp_path, sign):
    examination = examine(tmp_path, ["anger", sign])
    assert [clip.emotion for clip in examination.clips] == ["anger", ""]
    assert any(finding.found.startswith("none in 1 row, the first s1 c") for finding in examination.of("differs"))

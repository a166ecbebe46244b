"""The database 4dme: several labels per clip."""

from __future__ import annotations

from typing import Any

import pytest

from merlab.databases import find_database, load
from merlab.protocols import label_clips
from merlab.schemes import find_scheme
from tests.databases.release import image_bytes, write_images, write_table

LABELS = ("Positive", "Negative", "Surprise", "Repression", "Others")
COLUMNS = ("sub_ID", "fold_name", "fold", "Emotion", "Onset", "Apex", "Offset", "AUs", "eye blink", *LABELS, "Total")
JPEG = image_bytes()


def row(clip: str = "s1_01", *labels: str) -> dict[str, Any]:
    """A row as column name -> cell."""
    cells = ("S01", clip, 1, "Negative", 2, 4, 7, "4+7(k)", 0, *(int(label in labels) for label in LABELS), len(labels))
    return dict(zip(COLUMNS, cells, strict=True))


@pytest.fixture
def root(tmp_path):
    rows = [row("s1_01", "Negative"), row("s1_02", "Negative", "Repression"), row("s1_03", "Surprise")]
    write_table(tmp_path / "4DME_Labelling_Micro_release v1.xlsx", rows, COLUMNS)
    for cells in rows:
        names = (f"{number}.jpg" for number in range(1, 9))
        write_images(tmp_path / "gray_micro" / "S01" / cells["fold_name"], names, JPEG)
    return tmp_path


def test_a_clip_with_several_labels_has_them_all(root):
    assert [clip.emotion for clip in load("4dme", root)] == ["negative", "negative+repression", "surprise"]


def test_action_units_keep_the_mark_of_those_that_the_coders_were_not_sure_of(root):
    assert {clip.action_units for clip in load("4dme", root)} == {"4+7(k)"}


def test_the_labels_are_counted_in_the_facts(root):
    examination = find_database("4dme").examine_table(root)  # type: ignore[misc]
    assert examination.facts["emotions"] == "negative 2, repression 1, surprise 1"


def test_a_scheme_leaves_out_clips_with_several_labels(root):
    labeled = label_clips(load("4dme", root), find_scheme("4dme-5"))
    assert len(labeled.labels) == 2
    assert labeled.left_out == {"4dme negative+repression": 1}

"""Damaged inputs of every kind: no traceback, no crash, no silent change.

``MERLAB_FUZZ=2000 pytest -m slow -n 0 -s tests/fuzz`` judges 2,000 damaged inputs and prints their outcomes; without
the variable there are 300, judged in one process. The seed is fixed: an input is known by its kind and its number.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from tests.fuzz.kind import Kind, Reading, SilentChangeError, outcome_of, table_of
from tests.fuzz.kinds import KINDS, shares_of
from tests.fuzz.sandbox import judged

INPUTS = int(os.environ.get("MERLAB_FUZZ", "300"))
# A process has to import all readers first: a second one is worth it for many inputs only.
PROCESSES = min(2 if INPUTS > 1000 else 1, os.cpu_count() or 1)


@pytest.mark.slow
def test_a_damaged_input_is_refused_by_name_or_read_rightly_or_its_change_is_noted():
    outcomes = judged(shares_of(INPUTS), PROCESSES)
    sys.stdout.write(f"\n{table_of(outcomes)}\n")
    faults = [each for each in outcomes if not each.sound]
    texts = [f"{each.kind} {each.number}: {each.damage}: {each.outcome}\n{each.detail}" for each in faults]
    assert not faults, "\n\n".join(texts)
    assert len(outcomes) == pytest.approx(INPUTS, rel=0.1)
    # A damaged entry of the cache is made anew, so its value is always the same.
    assert {each.kind for each in outcomes if each.outcome != "same"} == KINDS.keys() - {"entry of the input cache"}


class Invented(Kind):
    """A kind of input whose reader raises an error, or reads a value."""

    name = "invented"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "file.txt"
        self.result: Exception | int = 1

    def damage(self, random):
        return "none"

    def read(self):
        if isinstance(self.result, Exception):
            raise self.result
        return Reading(self.result)

    def judge(self, reading):
        if reading.value != 1:
            raise SilentChangeError("another value")
        return "same"


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (1, "same"),
        (2, "silent"),
        (MerlabError("file.txt is damaged; copy it again"), "refused"),
        (MerlabError("it is damaged; copy it again"), "refused without a name"),
        (MerlabError("file.txt is damaged"), "refused without a remedy"),
        (ValueError("file.txt is damaged; copy it again"), "traceback"),
    ],
)
def test_the_judgment_of_what_a_reader_does(tmp_path, result, outcome):
    kind = Invented(tmp_path)
    kind.result = result
    assert outcome_of(kind, 0).outcome == outcome


@pytest.mark.parametrize("name", ["image", "weights"])
def test_an_input_is_known_by_its_kind_and_its_number(tmp_path, name):
    contents = []
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        kind = KINDS[name](tmp_path / folder)
        contents.append([(outcome_of(kind, number), kind.path.read_bytes())[1] for number in (3, 4, 3)])
    assert contents[0] == contents[1]
    assert contents[0][0] == contents[0][2] != contents[0][1]

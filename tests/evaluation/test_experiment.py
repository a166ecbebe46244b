"""A damaged run.json is named; it never ends in a crash."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.experiment import read_record
from merlab.evaluation.run_record import DataFacts, MethodFacts, RunRecord

DATA = DataFacts(
    scheme="megc2019",
    scheme_description="three classes",
    classes=["negative", "positive", "surprise"],
    protocol="loso",
    folds=24,
    clips=145,
    subjects=24,
    clips_per_class={"negative": 88, "positive": 32, "surprise": 25},
    clips_per_database={"casme2": 145},
    left_out={},
    apex_sources={"annotated": 145},
    stamps=[],
)
METHOD = MethodFacts(
    method="constant",
    title="Constant",
    paper="",
    preset="default",
    preset_source="merlab",
    network={},
    settings=None,
    input="flow",
    seeds=[0],
    stamps=[],
)


@pytest.fixture
def file(tmp_path):
    record = RunRecord.model_validate(
        {
            "started": "2026-01-02T03:04:05Z",
            "databases": [],
            "data": DATA,
            "methods": [METHOD],
            "versions": {"merlab": "0.2.0"},
            "hardware": "one core",
        }
    )
    (tmp_path / "run.json").write_text(record.model_dump_json(indent=2))
    return tmp_path / "run.json"


def test_a_sound_record_is_read(file):
    record = read_record(file)
    assert (record.data, record.methods) == (DATA, [METHOD])


WRONG = ("9" * 400, "9" * 5000, "1e999", "NaN", "[" * 5000, "null")


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", ["started", "databases", "data", "versions", "hardware"])
def test_a_value_of_the_wrong_kind_is_named_with_its_file(file, field, value):
    others = {name: content for name, content in json.loads(file.read_text()).items() if name != field}
    file.write_text(json.dumps(others)[:-1] + f', "{field}": {value}}}')
    with pytest.raises(MerlabError, match=r"run\.json"):
        read_record(file)


def test_a_record_with_any_fault_is_named_or_read_and_never_crashes(file):
    random, sound = np.random.default_rng(11), file.read_bytes()
    for _ in range(300):
        damaged = bytearray(sound)
        for place in random.integers(len(sound), size=int(random.integers(1, 4))):
            damaged[place] = int(random.integers(256))
        file.write_bytes(damaged)
        with suppress(MerlabError):
            assert isinstance(read_record(file), RunRecord)

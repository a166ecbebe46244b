"""What training used beside the clips of the run, in words, in reports and in the commands that repeat a run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from merlab.evaluation.run_record import MethodFacts
from merlab.reports.html import write_report
from merlab.reports.material import material_lines, material_text
from merlab.reports.rerun import rerun_commands
from merlab.reports.run import read_run
from tests.reports.fake_run import SKILLS, fake_method, fake_record, write_run

START = {"name": "start.safetensors", "sha256": "a1" * 32, "digest": "d" * 64, "method": "dbfem-caffm"}
FLOW = {"name": "flow-clips", "digest": "b2" * 32, "subjects": 152, "clips": 3040}
FLOW_TEXT = "flow-clips (152 subjects, 3040 clips, digest b2b2b2b2b2b2)"


def text(**changes: object) -> str:
    return material_text(MethodFacts.model_validate(fake_method("dbfem-caffm", **changes)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        (
            {"starts": [START]},
            "starts from start.safetensors (sha256 a1a1a1a1a1a1), trained on SYNTHETIC faces only",
        ),
        (
            {"starts": [START | {"databases": ["smic", "casme2"]}]},
            "starts from start.safetensors (sha256 a1a1a1a1a1a1), trained on casme2, smic",
        ),
        ({"synthetic": FLOW, "settings": {"synthetic_share": 1 / 3}}, f"a third of each batch synthetic: {FLOW_TEXT}"),
        ({"synthetic": FLOW, "settings": {"synthetic_share": 0.2}}, f"20 % of each batch synthetic: {FLOW_TEXT}"),
        ({"synthetic": FLOW, "settings": None}, f"synthetic clips among the training clips: {FLOW_TEXT}"),
        (
            {"starts": [START], "synthetic": FLOW, "settings": {"synthetic_share": 0.5}},
            "starts from start.safetensors (sha256 a1a1a1a1a1a1), trained on SYNTHETIC faces only; "
            f"half of each batch synthetic: {FLOW_TEXT}",
        ),
    ],
)
def test_the_material_of_a_method_is_one_sentence(changes, expected):
    assert text(**changes) == expected


def test_a_file_of_several_networks_is_named_once():
    other = START | {"digest": "e" * 64}
    assert text(starts=[START, other]).count("start.safetensors") == 1


def test_only_methods_that_used_something_have_a_line():
    methods = [fake_method("constant"), fake_method("dbfem-caffm", starts=[START])]
    lines = material_lines(MethodFacts.model_validate(each) for each in methods)
    assert [line.partition(":")[0] for line in lines] == ["dbfem-caffm"]


@pytest.mark.slow
def test_report_and_command_name_the_files(tmp_path):
    record = fake_record(list(SKILLS), Path("/data/faces"))
    record["methods"][3] = fake_method("dbfem-caffm", starts=[START, START | {"digest": "e" * 64}], synthetic=FLOW)
    run = read_run(write_run(tmp_path / "run", record=record))
    (line,) = (shlex.split(line) for line in rerun_commands(run) if "dbfem-caffm" in line)
    assert [line[place + 1] for place, word in enumerate(line) if word == "--from"] == ["start.safetensors"]
    assert line[line.index("--synthetic") + 1] == "flow-clips"
    assert all(
        "--from" not in each and "--synthetic " not in each for each in rerun_commands(run) if "constant" in each
    )
    write_report(run, tmp_path / "run")
    assert FLOW_TEXT in (tmp_path / "run" / "report.html").read_text()
    assert FLOW_TEXT in (tmp_path / "run" / "results.md").read_text()

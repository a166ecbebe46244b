"""Spotting methods of your own by the commands of the how-to page, with the file that it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "add-a-spotting-method.md").read_text(encoding="utf-8")
CODE = PAGE.split("```python\n")[1].partition("```")[0]
COMMANDS = re.findall(r"^    merlab (.+)$", PAGE, re.MULTILINE)
COMPARE = ("compare-spotting", "truth/truth.csv", "truth/videos.csv", "--jobs", 1)
OWN = "my_spotter.py:AwayAndBack"


@pytest.fixture
def file(recorded):
    """The file of the page, beside two recordings as folders of images."""
    (recorded / "my_spotter.py").write_text(CODE, encoding="utf-8")
    return recorded / "my_spotter.py"


@pytest.mark.slow
def test_the_commands_of_the_page_do_what_it_says(merlab, tmp_path, monkeypatch):
    (tmp_path / "my_spotter.py").write_text(CODE, encoding="utf-8")
    # On a machine with one core, work needs no further processes, each of which would import everything again.
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        status, _, err = merlab(*shlex.split(command))
        assert status == 0, err
    compared = json.loads((tmp_path / "merlab-compared" / "comparison.json").read_text(encoding="utf-8"))
    found = {each["method"]: each["scores"]["tp"] for each in compared["methods"]}
    assert found["away-and-back"] > max(found["guess-even"], found["brightest"])
    assert len(pd.read_csv(tmp_path / "brightest" / "events.csv")) == 3
    assert (tmp_path / "away" / "events.csv").is_file()


@pytest.mark.slow
def test_a_method_of_a_file_is_compared_and_spots_alone(merlab, recorded, file):
    compare = (*COMPARE, "--methods", f"guess-even,{OWN},my_spotter.py:brightest")
    result = json.loads(merlab(*compare, "--json")[1])
    assert [each["method"] for each in result["methods"]] == ["guess-even", "away-and-back", "brightest"]
    assert result["methods"][1]["title"] == "A block of the face is elsewhere than 0.2 s before and after."
    assert result["methods"][1]["scores"]["tp"] == 2
    assert set(result["methods"][1]["facts"]) == {"a", "b"}

    status, out, err = merlab("spot", "a", "--method", OWN, "--train", "truth", "--fps", 50, "--out", "alone")
    assert (status, "away-and-back is a method of your own" in err) == (0, True)
    assert "1 movement in 2.0 s" in out
    (event,) = pd.read_csv(recorded / "alone/a/events.csv").to_dict("records")
    assert abs(event["apex"] - 49) <= 1
    assert (event["kind"], event["apex_s"]) == ("micro", pytest.approx((event["apex"] - 1) / 50))


@pytest.mark.slow
def test_a_changed_file_is_not_answered_from_an_old_result(merlab, recorded, file):
    spot = ("spot", "a", "--method", "my_spotter.py:brightest", "--fps", 50)
    assert merlab(*spot)[0] == 0
    assert merlab(*spot)[0] == 0
    file.write_text(CODE.replace("apex, 1.0,", "apex, 2.0,"), encoding="utf-8")
    status, _, err = merlab(*spot)
    assert (status, "the code of the method has changed" in err) == (1, True)
    assert merlab(*spot, "--again")[0] == 0
    assert pd.read_csv(recorded / "merlab-spotted/a/events.csv")["score"].tolist() == [2.0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "method", "named"),
    [
        (None, "my_spotter.py", "my_spotter.py is a file, of which a method is named as my_spotter.py:NAME"),
        (None, "my_spotter.py:Other", "my_spotter.py defines no Other; it defines AwayAndBack, brightest"),
        (None, "other.py:Other", "other.py does not exist"),
        (None, "my_spotter.py:np", "is not a spotting method; a spotting method is the name of one, FILE.py:NAME"),
        (None, OWN, "away-and-back learns from recordings, and there are no recordings to learn from"),
        ("import nothing_there", OWN, "my_spotter.py cannot be run: ModuleNotFoundError: No module named"),
        ("def spot(recording):\n    1 / 0", "my_spotter.py:spot", "spot(a) raised ZeroDivisionError: division by zero"),
        ("def spot(recording):\n    exit(3)", "my_spotter.py:spot", "my_spotter.py, line 2)"),
        ("def spot(recording):\n    return [(9, 9, 8, 1, 'micro')]", "my_spotter.py:spot", "onset is after its offset"),
        ("def spot():\n    return []", "my_spotter.py:spot", "spot(a) raised TypeError: spot() takes 0 positional"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(merlab, recorded, code, method, named):
    (recorded / "my_spotter.py").write_text(code or CODE, encoding="utf-8")
    status, _, err = merlab("spot", "a", "--method", method, "--fps", 50)
    assert status == 1
    assert named in err
    assert "Traceback" not in err
    assert not list(recorded.glob("merlab-spotted/*/*"))


@pytest.mark.slow
def test_a_method_that_fails_is_named_and_the_work_of_others_is_kept(merlab, recorded, file):
    code = CODE.replace("0.5 * np.median", "0.5 * np.medians")
    line = code[: code.index("medians")].count("\n") + 1
    file.write_text(code, encoding="utf-8")
    compare = (*COMPARE, "--methods", f"guess-even,{OWN}")
    status, _, err = merlab(*compare)
    assert status == 1
    assert "spotting method away-and-back: fit raised AttributeError" in err
    assert f"my_spotter.py, line {line}); this happened in fold a" in err
    assert "Traceback" not in err
    assert len(list(recorded.glob("merlab-compared/guess-even/folds/*"))) == 2
    file.write_text(CODE, encoding="utf-8")
    assert merlab(*compare)[0] == 0

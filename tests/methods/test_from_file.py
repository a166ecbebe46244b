"""Methods from a Python file."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, cast

import cloudpickle
import pytest

from merlab.errors import MerlabError
from merlab.fingerprint import fingerprint
from merlab.methods import find_method, methods_of
from merlab.methods.from_file import run_file

CODE = """
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
import merlab
import beside

ridge = LogisticRegression(C=beside.COST)
both = {"one": LogisticRegression(), "two": LinearSVC()}
beside_merlab = {"linear-svm": "linear-svm", **both}
net = merlab.Method("tiny", network=lambda task: None)

class Nearest:
    def fit(self, inputs, labels): ...
    def predict_proba(self, inputs): ...

number = 3
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside.py").write_text("COST = 0.5")
    path = tmp_path / "my_methods.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("name", "found"),
    [("ridge", ["ridge"]), ("both", ["one", "two"]), ("net", ["tiny"]), ("Nearest", ["Nearest"])],
)
def test_every_kind_of_method_is_found_by_its_name_in_the_file(file, name, found):
    methods = methods_of(f"{file}:{name}")
    assert [method.name for method in methods] == found
    assert {method.origin for method in methods} == {f"{file}:{name}"}


def test_a_method_of_merlab_in_a_file_stays_that_of_merlab(file):
    merlabs, *own = methods_of(f"{file}:beside_merlab")
    assert merlabs is find_method("linear-svm")
    assert {method.origin for method in own} == {f"{file}:beside_merlab"}


def test_for_an_unknown_name_the_names_of_the_file_are_listed(file):
    with pytest.raises(MerlabError, match="defines no svm; it defines ridge, both, beside_merlab, net, Nearest, num"):
        methods_of(f"{file}:svm")


def test_what_is_not_a_method_is_refused(file):
    with pytest.raises(MerlabError, match="int is not a method"):
        methods_of(f"{file}:number")


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"nothing.py does not exist; --method takes FILE.py:NAME"):
        methods_of(f"{tmp_path / 'nothing.py'}:x")


def test_a_file_that_fails_is_named_with_the_error_and_the_line(tmp_path):
    (tmp_path / "broken.py").write_text("import math\nmath.sqrt(-1)\n")
    with pytest.raises(MerlabError, match=r"broken.py cannot be run: ValueError: .*line 2"):
        methods_of(f"{tmp_path / 'broken.py'}:x")


def test_a_file_that_is_not_python_is_named_with_the_line(tmp_path):
    (tmp_path / "broken.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(MerlabError, match=r"cannot be run: SyntaxError: invalid syntax \(\S*broken.py, line 2\)$"):
        methods_of(f"{tmp_path / 'broken.py'}:x")


@pytest.mark.slow
def test_a_file_is_run_once_for_all_its_methods_and_again_when_it_was_edited(file, tmp_path):
    log = tmp_path / "runs"
    file.write_text(CODE + f"open({str(log)!r}, 'a').write('.')\n")
    methods_of([f"{file}:ridge", f"{file}:net"])
    assert log.read_text() == "."
    file.write_text(file.read_text() + "\n# edited\n")
    methods_of(f"{file}:ridge")
    assert log.read_text() == ".."


@pytest.mark.slow
def test_a_file_edited_in_the_same_second_without_a_change_of_its_size_is_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "edited.py"
    for value, nanoseconds in ((1, 0), (2, 1_000_000)):
        file.write_text(f"number = {value}\n", encoding="utf-8")
        os.utime(file, ns=(10**18 + nanoseconds,) * 2)
        module = run_file(file)
        assert module.number == value


def model_of(method):
    return cast(Any, method.pipeline).args[0]()


ANSWER = """
{imported}

class Answer:
    def fit(self, inputs, labels): ...
    def predict_proba(self, inputs):
        {lazy}
        return given_by.answer()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "parts",
    [{"imported": "import given_by", "lazy": ""}, {"imported": "", "lazy": "import given_by"}],
    ids=["at-the-top", "in-a-function"],
)
def test_a_file_of_the_folder_that_was_edited_is_imported_anew(tmp_path, parts):
    file, beside = tmp_path / "edited_beside.py", tmp_path / "given_by.py"
    file.write_text(ANSWER.format(**parts))
    for value in (1, 22):
        beside.write_text(f"def answer(): return [{value}]")
        assert model_of(methods_of(f"{file}:Answer")[0]).predict_proba(None) == [value]


@pytest.mark.slow
def test_methods_of_two_folders_keep_their_own_file_of_the_same_name_also_in_other_processes(tmp_path):
    texts = {}
    for name, value in (("one", 1), ("two", 22)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "given_by.py").write_text(f"def answer(): return [{value}]")
        (tmp_path / name / "same.py").write_text(ANSWER.format(imported="import given_by", lazy=""))
        texts[name] = f"{tmp_path / name / 'same.py'}:Answer"
    methods = methods_of(texts)
    assert [method.name for method in methods] == ["one", "two"]
    models = [model_of(method) for method in methods]
    assert [model.predict_proba(None) for model in models] == [[1], [22]]
    load = "import cloudpickle, sys; print([each.predict_proba(None) for each in cloudpickle.load(sys.stdin.buffer)])"
    loaded = subprocess.run(
        [sys.executable, "-c", load], input=cloudpickle.dumps(models), capture_output=True, check=True
    )
    assert loaded.stdout.strip() == b"[[1], [22]]"
    before = [fingerprint(method.pipeline) for method in methods]
    (tmp_path / "one" / "given_by.py").write_text("def answer(): return [333]")
    after = [fingerprint(method.pipeline) for method in methods_of(texts)]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_name_may_be_given_to_a_method_of_a_file_which_must_be_one(file):
    assert [method.name for method in methods_of({"mine": f"{file}:ridge"})] == ["mine"]
    with pytest.raises(MerlabError, match=r"my_methods.py:both is 2 methods; name one of them"):
        methods_of({"mine": f"{file}:both"})

"""What is sent to worker processes arrives there, or the fault is named."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
from typing import Any

import cloudpickle
import pytest
import torch

from merlab.errors import MerlabError
from merlab.evaluation.transport import as_bytes, packages_of, packed, unpacked
from merlab.methods import Method
from merlab.methods.from_file import run_file
from tests.helpers import flow_plan, write_flow_tree

CACHED = """
import functools

@functools.lru_cache(maxsize=7)
def fibonacci(number):
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)
"""
ASK = (
    "import cloudpickle, sys; sent = cloudpickle.load(sys.stdin.buffer);"
    "print(sent.cache_info().currsize, sent(10), sent.cache_parameters())"
)


@pytest.mark.slow
def test_a_function_behind_a_cache_arrives_with_its_settings_and_an_empty_cache(tmp_path):
    (tmp_path / "lab.py").write_text(CACHED)
    function = run_file(tmp_path / "lab.py").fibonacci
    assert function(6) == 8
    asked = subprocess.run([sys.executable, "-c", ASK], input=as_bytes(function), capture_output=True, check=True)
    assert asked.stdout.decode().strip() == "0 55 {'maxsize': 7, 'typed': False}"


def test_a_module_of_its_own_kind_arrives_by_its_name(monkeypatch):
    # PyTorch 2.4 does not list it among the modules that are loaded.
    monkeypatch.delitem(sys.modules, "torch.classes", raising=False)
    assert cloudpickle.loads(as_bytes(torch.classes)) is torch.classes


def test_code_that_states_no_module_is_of_no_package():
    """As what ``eval`` makes of a text; it is sent by value, which needs the package that makes it again."""
    made = eval("lambda inputs: inputs", {})
    assert made.__module__ is None
    assert packages_of([made]) == ["cloudpickle"]
    assert cloudpickle.loads(as_bytes(functools.cache(made)))(7) == 7


def test_a_method_that_cannot_be_sent_is_named_with_the_remedy(tmp_path):
    root = write_flow_tree(tmp_path / "flow", ("sub01", "sub02"), each=1)
    sound = flow_plan(root, ["constant"])
    assert unpacked(packed(sound)).digest() == sound.digest()
    lock: Any = threading.Lock()
    locked = Method("locked", pipeline=lambda task: lock)
    with pytest.raises(MerlabError, match="method locked cannot be sent to worker processes: .*lock.*; keep open"):
        packed(flow_plan(root, ["constant", locked]))


class Absent:
    """Stands for what the worker process does not have."""

    def __reduce__(self):
        return int, ("no number",)


def test_what_cannot_be_loaded_there_is_named_with_the_remedy():
    with pytest.raises(MerlabError, match=r"cannot load the methods \(ValueError: invalid .*\); use jobs=1, or import"):
        unpacked(as_bytes(Absent()))

"""Same code and state, same fingerprint, in any process; anything else changes it."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.metadata
import logging
import runpy
import shutil
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
import sklearn
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from merlab import own_modules
from merlab.fingerprint import fingerprint

PROGRAM = """
import numpy as np
from merlab.fingerprint import fingerprint
COST = 0.5
def helper(x): return x * COST
class Mine:
    kinds = frozenset({"a", "b", "c"})
    def __init__(self, width=2):
        self.width, self.start = width, np.arange(3)
    def fit(self, inputs, labels):
        self.state = {name: helper(1) for name in ("x", "y")}
    def predict_proba(self, inputs):
        return [each in {"a", "b", "c"} for each in inputs]
print(fingerprint(Mine()))
"""


def printed_by(program):
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.slow
def test_it_is_the_same_in_every_process(capsys):
    exec(PROGRAM, {"__name__": "__main__"})
    assert printed_by(PROGRAM) == capsys.readouterr().out.strip()


def test_it_changes_with_code_state_and_what_the_code_refers_to(capsys):
    changed = [
        PROGRAM,
        PROGRAM.replace("COST = 0.5", "COST = 0.6"),
        PROGRAM.replace("x * COST", "x + COST"),
        PROGRAM.replace("width=2", "width=3"),
        PROGRAM.replace("np.arange(3)", "np.arange(4)"),
        PROGRAM.replace('frozenset({"a", "b", "c"})', 'frozenset({"a", "b"})'),
        PROGRAM.replace('("x", "y")', '("x", "z")'),
    ]
    for program in changed:
        exec(program, {"__name__": "__main__"})
    assert len(set(capsys.readouterr().out.split())) == len(changed)


def test_a_global_variable_with_the_name_of_an_attribute_does_not_change_it(capsys):
    for program in (PROGRAM, PROGRAM.replace("class Mine", "width = 5; state = [1]\nclass Mine")):
        exec(program, {"__name__": "__main__"})
    assert len(set(capsys.readouterr().out.split())) == 1


def test_what_belongs_to_the_process_does_not_change_it():
    class Store:
        """Leaves out when it was opened, as joblib.Memory does."""

        def __init__(self, place, opened):
            self.place, self.opened = place, opened

        def __getstate__(self):
            return {"place": self.place}

    logger = logging.getLogger("merlab.tests.fingerprint")
    before = fingerprint((logger, Store("here", opened=1)))
    logging.getLogger("merlab.tests.another")
    logger.isEnabledFor(logging.DEBUG)
    assert fingerprint((logger, Store("here", opened=2))) == before
    assert fingerprint((logger, Store("there", opened=1))) != before


def test_code_behind_a_cache_counts():
    def of(number):
        return fingerprint(functools.cache(lambda value: value * number))

    assert of(1) == of(1) != of(2)


def test_a_comment_or_another_place_in_the_file_does_not_change_it(capsys):
    for program in (PROGRAM, "# nothing\n\n" + PROGRAM):
        exec(program, {"__name__": "__main__"})
    first, second = capsys.readouterr().out.split()
    assert first == second


def test_parameters_of_a_scikit_learn_pipeline_count():
    def pipeline(cost):
        return make_pipeline(StandardScaler(), LogisticRegression(C=cost))

    assert fingerprint(pipeline(1.0)) == fingerprint(pipeline(1.0))
    assert fingerprint(pipeline(1.0)) != fingerprint(pipeline(2.0))


def test_weights_of_a_network_count():
    def network(seed):
        torch.manual_seed(seed)
        return torch.nn.Linear(3, 2)

    assert fingerprint(network(0)) == fingerprint(network(0))
    assert fingerprint(network(0)) != fingerprint(network(1))


TENSORS = {
    "bfloat16": lambda value: torch.full((2, 3), value).bfloat16(),
    "sparse": lambda value: (torch.eye(3) * value).to_sparse(),
    "sparse rows": lambda value: (torch.eye(3) * value).to_sparse_csr(),
    "conjugated": lambda value: torch.full((2,), value, dtype=torch.complex64).conj(),
    "quantized": lambda value: torch.quantize_per_tensor(torch.full((2,), value), 0.1, 0, torch.qint8),
    "one number": torch.tensor,
    "transposed": lambda value: torch.tensor([[1.0, value], [3.0, 4.0]]).T,
}


@pytest.mark.parametrize("tensor", TENSORS.values(), ids=TENSORS)
def test_tensors_of_every_kind_count(tensor):
    assert fingerprint(tensor(1.0)) == fingerprint(tensor(1.0)) != fingerprint(tensor(2.0))


def test_a_layer_that_has_no_weights_yet_has_one():
    layer = torch.nn.LazyLinear(2)
    assert fingerprint(layer) == fingerprint(layer)


def test_arrays_of_every_kind_count():
    for kind in ("f8", "U3", "M8[D]", "O", [("a", "f4", (2,)), ("b", "O")]):
        first, second = np.zeros(2, kind), np.ones(2, kind)
        assert fingerprint(first) == fingerprint(first.copy()) != fingerprint(second), kind
    assert fingerprint(np.empty((0, 3))) != fingerprint(np.empty((0, 2)))


def test_equal_bytes_are_equal_also_if_they_are_two_objects():
    content = b"weights" * 2
    assert fingerprint([content, content]) == fingerprint([content, bytes(bytearray(content))])
    assert fingerprint(content) != fingerprint(content[1:])


def test_an_object_that_refers_to_itself_has_one():
    loop: dict[str, object] = {"array": np.zeros(2)}
    loop["self"] = loop
    assert len(fingerprint(loop)) == 16


def test_objects_that_exist_only_while_it_is_made_are_not_confused():
    class Temporary:
        def __reduce__(self):
            return (tuple, ())

    assert len({fingerprint([Temporary() for _ in range(50)]) for _ in range(20)}) == 1


def test_code_of_an_installed_package_counts_by_its_version_not_by_its_state():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    before = fingerprint(pipeline)
    with sklearn.config_context(assume_finite=True, display="text"):
        assert fingerprint(pipeline) == before


def test_a_module_of_your_own_that_the_code_refers_to_counts(tmp_path, monkeypatch, capsys):
    (tmp_path / "main.py").write_text(
        "import beside\nfrom merlab.fingerprint import fingerprint\n"
        "def method(x): return beside.helper(x)\nprint(fingerprint(method))\n"
    )

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    # A module that was compiled in the same second would be taken for the new one.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def printed():
        importlib.invalidate_caches()
        runpy.run_path(str(tmp_path / "main.py"), run_name="__main__")
        del sys.modules["beside"]
        return capsys.readouterr().out

    (tmp_path / "beside.py").write_text("def helper(x): return x + 1\n")
    before = printed()
    assert printed() == before
    # As Git writes it on Windows.
    (tmp_path / "beside.py").write_bytes(b"def helper(x): return x + 1\r\n")
    assert printed() == before
    (tmp_path / "beside.py").write_text("def helper(x): return x + 2\n")
    assert printed() != before


USES = """
from functools import partial
from merlab.fingerprint import fingerprint
class Mine:
    kind = dict
    class Inner:
        size = 3
    scale = partial(round, ndigits=2)
print(fingerprint(Mine()))
"""


def test_attributes_of_a_class_count_also_those_that_can_be_called(capsys):
    changed = [USES, USES.replace("dict", "list"), USES.replace("size = 3", "size = 4"), USES.replace("=2", "=3")]
    for program in changed:
        exec(program, {"__name__": "__main__"})
    assert len(set(capsys.readouterr().out.split())) == len(changed)


CHAIN = {
    "main.py": "def method(x):\n    {statement}\n    return x\n",
    "helper.py": "from other import choice\nfrom package.inner import part\n",
    "other.py": "choice = 1\n",
    "package/__init__.py": "",
    "package/inner.py": "from . import beside\npart = 1\n",
    "package/beside.py": "value = 1\n",
}


FORGOTTEN = {"main", "helper", "other", "package", "outer"}


@pytest.fixture
def of_files(tmp_path, monkeypatch):
    """The fingerprint of ``main.method`` as a new process finds it, which imports something else first."""
    monkeypatch.syspath_prepend(tmp_path)
    # A module that was compiled in the same second would be taken for the new one.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] in FORGOTTEN]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def found(*first):
        forget()
        for name in first:
            importlib.import_module(name)
        return fingerprint(importlib.import_module("main").method)

    yield found
    forget()


@pytest.mark.parametrize("statement", ["import helper", "from helper import choice", "import helper as h, math"])
def test_modules_of_your_own_count_wherever_they_are_imported(tmp_path, of_files, statement):
    """``main`` imports inside a function, ``helper`` imports names only, ``package`` imports relative to itself."""
    for name, content in CHAIN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content.replace("{statement}", statement))
    found = [of_files()]
    assert of_files("helper", "package.beside") == found[0], "what is loaded must not matter"
    for name in ("helper.py", "other.py", "package/__init__.py", "package/inner.py", "package/beside.py"):
        with (tmp_path / name).open("a") as file:
            file.write("more = 2\n")
        found.append(of_files())
    assert len(set(found)) == 6


def test_modules_in_folders_without_init_files_count(tmp_path, of_files):
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "main.py").write_text(
        "def method(x):\n    import outer.inner.leaf\n    return outer.inner.leaf.factor * x\n"
    )
    found = []
    for factor in (2, 3):
        (tmp_path / "outer" / "inner" / "leaf.py").write_text(f"factor = {factor}\n")
        found += [of_files(), of_files("outer.inner.leaf")]
    assert found[0] == found[1], "what is loaded must not matter"
    assert found[0] != found[2]
    assert found[2] == found[3]


def install(site, version, *, code, factor=2, from_folder, installer="pip"):
    """As pip installs a package: its files, and a record of their digests; only an index leaves no direct_url.json."""
    shutil.rmtree(site, ignore_errors=True)
    files = {"package/__init__.py": code, "package/inner.py": f"factor = {factor}\n"}
    information = site / f"package_of_mine-{version}.dist-info"
    for folder in (information, site / "package"):
        folder.mkdir(parents=True)
    for name, content in files.items():
        (site / name).write_text(content)
    lines = [f"{name},sha256={hashlib.sha256(content.encode()).hexdigest()}," for name, content in files.items()]
    (information / "RECORD").write_text("\n".join([*lines, "../../../bin/program,sha256=of-an-environment,"]))
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: package-of-mine\nVersion: {version}\n")
    (information / "INSTALLER").write_text(f"{installer}\n")
    if from_folder:
        (information / "direct_url.json").write_text('{"url": "file:///package", "dir_info": {}}')


@pytest.fixture
def of_installed(tmp_path, monkeypatch, of_files):
    """Two fingerprints after a package was installed: of its class, and of a function of yours that imports it."""
    site = tmp_path / "site"
    # All that is really installed takes long to search.
    monkeypatch.setattr(sys, "path", [str(site), *(each for each in sys.path if "site-packages" not in each)])
    monkeypatch.setattr(own_modules, "INSTALLED", (str(site),))
    (tmp_path / "main.py").write_text("def method(x):\n    from package import inner\n    return inner.factor * x\n")
    kept = [each for each in vars(own_modules).values() if hasattr(each, "cache_clear")]

    def found(version, **settings):
        install(site, version, **{"code": "class Method: ...\n", "from_folder": True} | settings)
        for each in kept:
            each.cache_clear()
        return of_files(), fingerprint(importlib.import_module("package").Method)

    yield found
    for each in kept:
        each.cache_clear()


def test_a_package_that_you_install_again_counts_by_its_files_though_its_version_is_the_same(of_installed):
    before = of_installed("1.0")
    assert of_installed("1.0") == before
    for changed in ({"factor": 3}, {"code": "class Method: more = 1\n"}):
        assert all(one != other for one, other in zip(before, of_installed("1.0", **changed), strict=True))


@pytest.mark.parametrize("index", [{"from_folder": False}, {"installer": "conda"}])
def test_a_package_of_an_index_counts_by_its_version_also_where_it_does_not_state_it(of_installed, index):
    before = of_installed("1.0", **index)
    assert of_installed("1.0", factor=3, **index) == before, "what an index has under a version stays"
    assert all(one != other for one, other in zip(before, of_installed("1.1", **index), strict=True))


def test_a_package_that_lists_no_modules_counts_by_its_version_on_every_python(of_installed, monkeypatch):
    """The list of Python 3.10 has only those whose top_level.txt names them: neither SciPy nor pydantic."""
    monkeypatch.setattr(importlib.metadata, "packages_distributions", dict)
    first, second = (of_installed(version, from_folder=False) for version in ("1.0", "1.1"))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_what_a_scikit_learn_object_has_learned_counts():
    def fitted(labels, kind):
        return kind.fit(np.arange(12.0).reshape(6, 2), labels)

    for make in (LogisticRegression, partial(DecisionTreeClassifier, random_state=0)):
        one, same, other = (fitted(labels, make()) for labels in ([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 1] * 3))
        assert fingerprint(one) == fingerprint(same)
        assert len({fingerprint(each) for each in (one, other, make())}) == 3


def test_a_module_without_a_file_counts_by_its_name():
    assert fingerprint(sys) != fingerprint(time)


def test_code_of_a_notebook_is_ones_own_although_an_installed_package_runs_it(monkeypatch):
    """The main module of a notebook is the file of ipykernel that starts it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["pytest"])
    assert not own_modules.is_installed.__wrapped__("__main__")
    assert own_modules.is_installed.__wrapped__("pytest")


def test_merlab_is_not_ones_own_code_also_where_it_is_only_linked():
    assert own_modules.is_installed.__wrapped__("merlab.frames")

"""The version of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from merlab.evaluation import versions


@pytest.fixture
def package(tmp_path):
    """A copy of the code that computes predictions."""
    package = tmp_path / "merlab"
    for place in versions.COMPUTING:
        source, copied = Path(versions.__file__).parents[1] / place, package / place
        copied.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copied)
    return package


@pytest.fixture
def stated():
    """The digest in the version of merlab that a run states."""
    versions.digest_of_code.cache_clear()
    return versions.versions()["merlab"].partition("+")[2]


@pytest.mark.parametrize("place", ["methods/svm.py", "methods/dual_branch/network.py", "evaluation/unit.py"])
def test_the_version_of_a_run_states_the_code_that_computes_predictions(package, stated, place):
    """A checkout changes its code without its version; where it lies does not matter."""
    assert versions.digest_of_code(package) == stated
    with (package / place).open("a") as file:
        file.write("TOLERANCE = 1\n")
    versions.digest_of_code.cache_clear()
    assert versions.digest_of_code(package) != stated


def test_ends_of_lines_and_files_of_editors_are_not_another_code(package, stated):
    """Git writes other ends of lines on Windows; Emacs marks a file that is edited by a link to nothing."""
    edited = package / "methods" / "svm.py"
    edited.write_bytes(edited.read_bytes().replace(b"\n", b"\r\n"))
    (package / "methods" / ".#svm.py").symlink_to("anna@machine.123:456")
    (package / "methods" / "svm-checkpoint.py").write_text("TOLERANCE = 1\n")
    assert versions.digest_of_code(package) == stated


def test_the_order_in_which_a_disk_lists_files_does_not_matter(package, stated, monkeypatch):
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda folder, pattern: reversed([*listed(folder, pattern)]))
    assert versions.digest_of_code(package) == stated


def test_a_run_states_every_library_that_computes_or_reads_its_inputs():
    libraries = {"torch", "scikit-learn", "scipy", "opencv", "numpy", "pyav"}
    assert versions.versions().keys() == {"merlab", "device", *libraries}


def test_without_source_files_the_number_of_the_version_is_stated(tmp_path):
    assert len(versions.digest_of_code(tmp_path / "compiled")) == 8

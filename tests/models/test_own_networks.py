"""Recognizers whose network is of an installed package: its code belongs to the settings, and its errors are named."""

from __future__ import annotations

import importlib
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.models import recognizer
from merlab.models.pretraining import pretrain
from merlab.models.recognizer import load_recognizer
from tests.helpers import write_flow_tree

MODULE = """
import torch
from merlab import Method, Preset

class Net(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        self.head = torch.nn.Linear(task.channels, task.classes)

    def forward(self, batch):
        return self.head(batch.mean(dim=(-2, -1)))

net = Method("lab-net", network=Net, presets={"short": Preset(training={"epochs": 1})})
"""
SMALL: dict[str, Any] = {"method": "lab-net", "seeds": 2, "jobs": 1, "progress": False}


class Package:
    """An installed package that adds the method ``lab-net``; its code can be edited."""

    def __init__(self, folder: Path) -> None:
        self.module = folder / "lab_networks.py"
        info = folder / "lab_networks-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-networks\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[merlab.methods]\nlab-net = lab_networks:net\n")
        self.edit("", "")

    def edit(self, was: str, now: str) -> None:
        self.module.write_text(MODULE.replace(was, now))
        sys.modules.pop("lab_networks", None)
        importlib.invalidate_caches()


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    # A file that is edited twice in a second would be read from Python's cache.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Package(tmp_path)
    sys.modules.pop("lab_networks", None)


@pytest.fixture
def clips(tmp_path):
    return load("ststnet-flow", write_flow_tree(tmp_path / "flow", ("sub01", "sub02", "sub03", "s1", "s2", "s3")))


@pytest.mark.slow
def test_networks_of_edited_code_are_not_taken_from_the_work_folder(package, clips, tmp_path):
    out = tmp_path / "mine.safetensors"
    made = pretrain(out, clips, **SMALL)
    assert pretrain(out, clips, **SMALL).digest == made.digest
    package.edit("batch.mean", "batch.abs().mean")
    with pytest.raises(MerlabError, match="of other settings: the code of the method has changed. Add --again"):
        pretrain(out, clips, **SMALL)


@pytest.mark.slow
def test_a_file_whose_network_was_edited_is_loaded_with_a_warning(package, clips, tmp_path):
    pretrain(tmp_path / "mine.safetensors", clips, **SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_recognizer(tmp_path / "mine.safetensors")
    package.edit("batch.mean", "batch.abs().mean")
    with pytest.warns(UserWarning, match="the code of the method lab-net .* is not that with which .*mine.safetensors"):
        load_recognizer(tmp_path / "mine.safetensors")


@pytest.mark.slow
def test_an_edited_network_is_exported_again_for_another_runtime(package, clips, tmp_path, monkeypatch):
    """What is kept in the cache is of the code that made it: another runtime computes what PyTorch does."""
    keys: list[str] = []
    monkeypatch.setattr(recognizer, "resolve_runtime", lambda name, *_: name)
    monkeypatch.setattr(recognizer, "load_network", lambda name, module, shape, key: keys.append(key))
    out = tmp_path / "mine.safetensors"
    pretrain(out, clips, **SMALL).on("onnx")
    load_recognizer(out).on("onnx")
    package.edit("batch.mean", "batch.abs().mean")
    with pytest.warns(UserWarning, match="the code of the method"):
        load_recognizer(out).on("onnx")
    monkeypatch.setattr(recognizer, "versions", lambda: {"merlab": "0.3.0+edited"})
    with pytest.warns(UserWarning, match="the code of the method"):
        load_recognizer(out).on("onnx")
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    with pytest.warns(UserWarning, match="the code of the method"):
        replace(load_recognizer(out), digest="").on("onnx")
    # What is in no file is not kept.
    assert keys[-1] == ""


@pytest.mark.slow
def test_layers_may_share_their_weights(package, clips, tmp_path):
    layer = "torch.nn.Linear(task.channels, task.classes)"
    package.edit(
        f"self.head = {layer}", f"self.head, self.same = {layer}, {layer}; self.same.weight = self.head.weight"
    )
    made = pretrain(tmp_path / "mine.safetensors", clips, **SMALL)
    read = load_recognizer(tmp_path / "mine.safetensors").module
    assert read.get_parameter("head.weight") is read.get_parameter("same.weight")
    assert read.get_parameter("head.weight").equal(made.module.get_parameter("head.weight"))


@pytest.mark.slow
def test_an_error_in_it_is_named_with_its_line_in_training_and_in_a_file(package, clips, tmp_path):
    pretrain(tmp_path / "mine.safetensors", clips, **SMALL)
    package.edit("task.channels", "task.chanels")
    place = r"AttributeError: .*chanels.* \(.*lab_networks.py, line 8\)"
    with pytest.raises(MerlabError, match=f"method lab-net: fit raised {place}"):
        pretrain(tmp_path / "other.safetensors", clips, **SMALL)
    with pytest.raises(MerlabError, match=f"another network than this .*method lab-net: its network raised {place}"):
        load_recognizer(tmp_path / "mine.safetensors")


@pytest.mark.slow
def test_a_file_of_a_method_that_is_not_installed_names_the_package_as_the_remedy(package, clips, tmp_path):
    pretrain(tmp_path / "mine.safetensors", clips, **SMALL)
    (tmp_path / "lab_networks-1.0.dist-info" / "entry_points.txt").unlink()
    importlib.invalidate_caches()
    with pytest.raises(MerlabError, match="unknown method 'lab-net'.* for a method of your own, its package as it was"):
        load_recognizer(tmp_path / "mine.safetensors")


def test_a_method_of_a_file_cannot_be_named_in_a_file_of_weights(clips, tmp_path):
    with pytest.raises(MerlabError, match="nets.py:net is a method in a file, .* add it by an entry point"):
        pretrain(tmp_path / "mine.safetensors", clips, **{**SMALL, "method": "nets.py:net"})

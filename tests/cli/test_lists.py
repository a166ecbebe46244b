"""The commands that list what there is."""

from __future__ import annotations

import json
import re

import pytest
from torch import nn

from merlab.databases import DATABASES
from merlab.inputs import INPUTS
from merlab.methods import METHODS, Method, description
from merlab.schemes import SCHEMES

LISTS = {"methods": METHODS, "databases": DATABASES, "inputs": INPUTS, "schemes": SCHEMES}


@pytest.mark.parametrize(("command", "registry"), LISTS.items(), ids=LISTS)
def test_every_entry_is_listed_and_the_next_command_is_shown(merlab, command, registry):
    status, out, _ = merlab(command)
    assert status == 0
    assert all(name in out for name in registry)
    assert any(f"{word} " in out for word in ("merlab evaluate", "merlab doctor", "--input", "--scheme"))


@pytest.mark.parametrize(("command", "registry"), LISTS.items(), ids=LISTS)
def test_json_holds_the_same_names(merlab, command, registry):
    listed = json.loads(merlab(command, "--json")[1])
    assert [entry["name"] for entry in listed] == list(registry)
    assert all(entry["title"] for entry in listed)


def test_each_kind_of_methods_has_a_table(merlab):
    _, out, _ = merlab("methods")
    kinds = ["baseline", "merlab's own", "dual-branch paper", "comparison method"]
    assert re.findall(r"^Methods: (.+?) *$", out, re.M) == kinds
    first, *_ = out.split("Methods: merlab's own")
    assert all(f"│ {name} " in first for name in ("constant", "random", "linear-svm"))
    assert "flow-cnn" not in first


def test_options_of_every_input_are_listed_too(merlab):
    printed = " ".join(merlab("inputs")[1].split())
    assert (
        "regions=none|mask|mosaic|whole, outlines=template|landmarks, view=global|local|both, crop=stored|corrected"
        in printed
    )


def test_one_method_is_shown_with_its_paper_its_assumptions_its_presets_and_its_starts(merlab):
    status, out, _ = merlab("methods", "slstt-mean")
    assert status == 0
    for text in ("Affective Computing 13(4), 2022", "Differs: random initial weights", "ViT-B/16 (names of timm)"):
        assert text in " ".join(out.split())
    assert all(re.search(rf"^│ {preset} +│", out, re.M) for preset in METHODS["slstt-mean"].presets)
    assert "│ reduced" in merlab("methods", "gfem")[1]
    assert "(REDUCED)" in merlab("methods", "gfem")[1]
    facts = json.loads(merlab("methods", "gfem", "--json")[1])
    assert list(facts["presets"])[:2] == ["paper", "reduced"]
    assert "merlab's layers are a reconstruction" in facts["description"]
    assert "slstt-mean" in merlab("methods", "slstt")[2]


def test_a_method_of_your_own_needs_no_title_and_no_paper(merlab, monkeypatch):
    monkeypatch.setitem(METHODS, "mine", Method("mine", network=nn.Identity))
    assert merlab("methods", "mine")[1].startswith("mine: your own\ninput: ")


def test_every_method_has_a_description_and_names_the_source_of_every_preset():
    for name, method in METHODS.items():
        assert len(description(method)) > 60, name
        assert all(preset.source for preset in method.presets.values()), name


@pytest.mark.parametrize(("kind", "registry"), [("databases", DATABASES), ("inputs", INPUTS), ("schemes", SCHEMES)])
def test_only_what_is_named_is_listed(merlab, kind, registry):
    first, second, *_ = registry
    assert [each["name"] for each in json.loads(merlab(kind, second, first, "--json")[1])] == [second, first]
    status, _, err = merlab(kind, "nothing-like-it")
    assert (status, "unknown" in err, "Traceback" in err) == (1, True, False)

"""The commands that list what there is."""

from __future__ import annotations

import json

import pytest

from merlab.databases import DATABASES
from merlab.inputs import INPUTS
from merlab.methods import METHODS
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

"""Commands about methods and their inputs."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("command", ["methods", "databases", "inputs"])
def test_what_there_is_can_be_listed(merlab, command):
    status, out, _ = merlab(command)
    assert status == 0
    assert {"methods": "dbfem-caffm-g", "databases": "ststnet-flow", "inputs": "onset-apex"}[command] in out


def test_methods_as_json_have_paper_input_and_presets(merlab):
    listed = {method["name"]: method for method in json.loads(merlab("methods", "--json")[1])}
    assert "paper" in listed["dbfem-caffm"]["presets"]
    assert listed["dbfem-caffm"]["input"] == "onset-apex:size=231x282"


def test_profile_gives_plain_counts_as_json(merlab):
    listed = json.loads(merlab("profile", "gfem", "ststnet", "--size", "28x28", "--json")[1])
    assert [set(entry) >= {"method", "parameters", "macs", "ms", "fps"} for entry in listed] == [True, True]
    assert listed[1]["parameters"] < 5000


def test_profile_of_another_attention_counts_its_parameters(merlab):
    command = ("profile", "gfem", "--size", "28x28", "--preset", "flow28", "--json")
    cbam, none = (json.loads(merlab(*command, *options)[1])[0] for options in ((), ("--network", "attention=none")))
    assert none["parameters"] < cbam["parameters"]


def test_profile_of_a_floor_is_refused(merlab):
    status, _, err = merlab("profile", "constant")
    assert status == 1
    assert "constant" in err

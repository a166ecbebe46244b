"""The command that measures the cost of networks."""

from __future__ import annotations

import json


def test_profile_gives_plain_counts_as_json(merlab):
    listed = json.loads(merlab("profile", "gfem", "ststnet", "--size", "28x28", "--json")[1])
    assert [set(entry) >= {"method", "parameters", "macs", "ms", "fps"} for entry in listed] == [True, True]
    assert listed[1]["parameters"] < 5000


def test_profile_without_attention_has_fewer_parameters(merlab):
    command = ("profile", "gfem", "--size", "28x28", "--preset", "flow28", "--json")
    cbam, none = (json.loads(merlab(*command, *options)[1])[0] for options in ((), ("--network", "attention=none")))
    assert none["parameters"] < cbam["parameters"]


def test_profile_of_a_baseline_is_refused(merlab):
    status, _, err = merlab("profile", "constant")
    assert status == 1
    assert "constant" in err

"""The command that measures the cost of networks."""

from __future__ import annotations

import json
import re

import pytest
import torch

from merlab.inference import cost


def test_profile_gives_plain_counts_as_json(merlab):
    listed = json.loads(merlab("profile", "gfem", "ststnet", "--size", "28x28", "--json")[1])
    assert [set(entry) >= {"method", "parameters", "macs", "ms", "fps"} for entry in listed] == [True, True]
    assert listed[1]["parameters"] < 5000


def test_profile_gives_each_network_its_own_input(merlab):
    listed = json.loads(merlab("profile", "slstt-lstm", "dtscnn", "--preset", "reduced", "--json")[1])
    assert [entry["shape"] for entry in listed] == [[5, 3, 64, 64], [16, 2, 28, 28]]


@pytest.mark.slow
def test_profile_without_names_takes_the_onset_and_apex_frames_of_table_7(merlab):
    listed = json.loads(merlab("profile", "--size", "28x28", "--json")[1])
    # Two frames of three colors; networks of two branches see the whole face and its regions.
    assert [entry["shape"][0] for entry in listed] == [6, 6, 12, 12, 12, 12]


def test_profile_without_attention_has_fewer_parameters(merlab):
    command = ("profile", "gfem", "--size", "28x28", "--preset", "flow28", "--json")
    cbam, none = (json.loads(merlab(*command, *options)[1])[0] for options in ((), ("--network", "attention=none")))
    assert none["parameters"] < cbam["parameters"]


def test_profile_of_a_baseline_is_refused(merlab):
    status, _, err = merlab("profile", "constant")
    assert status == 1
    assert "constant" in err


@pytest.mark.parametrize(
    ("method", "option", "message"),
    [
        *(
            (method, f"width={value}", f"width of {method}: .*the range is 0.01 to 16")
            for method in ("gfem", "dbfem-caffm", "dssn")
            for value in ("-1", "0", "1e9", "inf", "nan")
        ),
        *(("gfem", f"depth={value}", f"depth of gfem: depths are 12, 18, 34, got '{value}'") for value in ("-5", "50")),
        ("gfem", "stem_stride=0", "stem_stride of gfem: .*the range is 1 to 2"),
        ("sssn", "stride=0", "stride of sssn: .*the range is 1 to 16"),
        ("sssn", "padding=-1", "padding of sssn: .*the range is 0 to 16"),
        ("rcn-w", "maps=2", "maps of rcn-w: .*the range is 4 to 1024"),
        ("rcn-a", "grid=0", "grid of rcn-a: .*the range is 1 to 28"),
    ],
)
def test_a_network_option_out_of_range_is_refused_with_the_range(merlab, method, option, message):
    status, _, err = merlab("profile", method, "--size", "28x28", "--network", option)
    assert status == 1
    assert re.search(message, err)


@pytest.mark.parametrize(("option", "range_of"), [("classes", "2 to 1000"), ("channels", "1 to 1000")])
def test_a_huge_number_of_classes_or_channels_is_refused_with_the_range(merlab, option, range_of):
    status, _, err = merlab("profile", "gfem", "--size", "28x28", f"--{option}", 10**12)
    assert status == 1
    assert f"{option} must be a whole number from {range_of}, got 1000000000000" in err


def test_a_network_that_does_not_fit_the_memory_is_a_message(merlab, monkeypatch):
    monkeypatch.setattr(cost, "network_of", lambda *_: torch.empty(10**15))
    status, _, err = merlab("profile", "gfem")
    assert status == 1
    assert err.endswith("error: there is not enough memory; use fewer --jobs, or a smaller input\n")


@pytest.mark.parametrize("maps", [6, 30])
def test_the_wide_stem_of_rcn_takes_numbers_of_maps_that_are_not_multiples_of_four(merlab, maps):
    status, _, err = merlab("profile", "rcn-w", "--size", "28x28", "--network", f"maps={maps}")
    assert (status, "error" in err) == (0, False)

"""What commands print."""

from __future__ import annotations

import json

import pytest

from merlab.cli.console import print_json


def test_json_is_valid_for_every_program(capsys):
    print_json({"fps": float("nan"), "rows": [{"p": float("inf")}], "name": "高兴 \udcff"})
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert printed == {"fps": None, "rows": [{"p": None}], "name": "高兴 \udcff"}

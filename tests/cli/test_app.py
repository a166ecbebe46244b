"""Every command is listed and explains itself."""

from __future__ import annotations

import pytest

from merlab import cli

COMMANDS = [
    "demo",
    "make-faces",
    "prepare",
    "align",
    "make-videos",
    "recognize",
    "spot",
    "score-spotting",
    "serve",
    "doctor",
    "clips",
    "evaluate",
    "score",
    "profile",
    "report",
    "reproduce",
    "recipes",
    "methods",
    "databases",
    "inputs",
    "schemes",
    "models",
    "pretrain",
    "weights",
    "export",
    "results",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(merlab, command):
    status, out, _ = merlab(command, "--help")
    assert status == 0
    assert "Usage" in out


def test_no_command_is_missing_from_the_list_above(merlab):
    listed = {command.name or getattr(command.callback, "__name__", "") for command in cli.app.registered_commands}
    assert listed | {group.name for group in cli.app.registered_groups} == set(COMMANDS)


def test_version(merlab):
    assert merlab("--version")[1].startswith("merlab ")

"""Every command is listed and has a help page, and the command line starts fast."""

from __future__ import annotations

import subprocess
import sys

import pytest

from merlab import cli

COMMANDS = [
    "demo",
    "make-faces",
    "make-flow",
    "prepare",
    "align",
    "make-videos",
    "recognize",
    "spot",
    "score-spotting",
    "coding",
    "agree",
    "spotting-selection",
    "spotting-methods",
    "compare-spotting",
    "answers",
    "serve",
    "doctor",
    "clips",
    "long-videos",
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
def test_every_command_has_a_help_page(merlab, command):
    status, out, _ = merlab(command, "--help")
    assert status == 0
    assert "Usage" in out


def test_no_command_is_missing_from_the_list_above(merlab):
    listed = {command.name or getattr(command.callback, "__name__", "") for command in cli.app.registered_commands}
    assert listed | {group.name for group in cli.app.registered_groups} == set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "choices"),
    [
        ("evaluate", "loso|kfold|hold-out-database"),
        ("evaluate", "fixed|validation|best-epoch-on-test"),
        ("evaluate", "local|ray"),
        ("make-faces", "default|easy|hard|null"),
        ("make-videos", "avi|mp4|frames"),
        ("prepare", "yunet|opencv-ssd"),
        ("prepare", "onset|rigid|landmarks"),
        ("prepare", "jpg|png"),
        ("recognize", "mesh|five-points"),
        ("serve", "auto|torch|onnx|openvino|openvino-bf16"),
        ("export", "fp32|bf16|int8"),
    ],
)
def test_the_help_of_an_option_lists_its_choices(merlab, command, choices):
    assert choices in merlab(command, "--help")[1].replace("\n", "")


def test_a_word_that_is_not_a_choice_is_answered_with_the_choices(merlab):
    status, _, err = merlab("serve", "--runtime", "tensorrt")
    assert status == 2
    assert "'tensorrt' is not one of 'auto', 'torch', 'onnx', 'openvino', 'openvino-bf16'" in err


def test_the_command_line_starts_without_the_libraries_that_load_slowly():
    slow = {"torch", "cv2", "sklearn", "scipy", "pandas", "numpy", "matplotlib", "pydantic", "fastapi"}
    program = f"import sys, merlab.cli; print(*sorted({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "\n"


def test_version(merlab):
    assert merlab("--version")[1].startswith("merlab ")

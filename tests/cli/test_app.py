"""Every command is listed and has a help page, and the command line starts fast."""

from __future__ import annotations

import errno
import gc
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pkgutil import resolve_name
from types import ModuleType

import pytest
import typer.main
from typer.models import ArgumentInfo

from merlab import cli
from merlab.cli.app import DATA, EXPERIMENTS, ORDER, RECOGNIZERS, SPOTTING, SYNTHETIC_DATA, VIDEOS
from merlab.errors import MerlabError, Stopped

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
def test_every_command_has_a_help_page_of_80_columns_that_cuts_nothing_off(merlab, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = merlab(command, "--help")
    assert status == 0
    assert "Usage" in out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", [("recognize",), ("coding", "export")])
def test_a_help_text_fills_the_lines_of_the_terminal(merlab, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "1000")
    text = merlab(*command, "--help")[1].partition("╭")[0]
    paragraphs = [line for line in text.splitlines() if line.strip()]
    assert 2 <= len(paragraphs) <= 3


def _name(command):
    return command.name or command.callback.__name__


def _commands():
    """Each command as it is typed, and its function."""
    for command in cli.app.registered_commands:
        yield [_name(command)], command.callback
    for group in cli.app.registered_groups:
        assert group.typer_instance
        for command in group.typer_instance.registered_commands:
            yield [group.name, _name(command)], command.callback


def test_every_argument_is_written_in_capitals_so_that_it_is_not_typed_as_it_is():
    written = {
        (*command, name): parameter.annotation.__metadata__[0].metavar
        for command, function in _commands()
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items()
        if isinstance(getattr(parameter.annotation, "__metadata__", [None])[0], ArgumentInfo)
    }
    assert len(written) > len(COMMANDS)
    assert {argument: word for argument, word in written.items() if not str(word).isupper()} == {}


# Each command, and the function that does its work.
FUNCTIONS = {
    "cli.videos.recognize_command": "videos.recognition.recognize",
    "cli.videos.spot_command": "spotting.spot_video.spot",
    "cli.coding.import_command": "coding.importing.import_coding",
    "cli.synthetic.make_faces_command": "synthesis.make_faces",
    "cli.synthetic.make_flow_command": "synthesis.make_flow",
    "cli.synthetic.make_videos_command": "synthesis.make_videos",
    "cli.faces.prepare_command": "preparation.database_faces.prepare",
    "cli.faces.align_command": "preparation.video_faces.align",
    "cli.weights.pretrain_command": "models.pretraining.pretrain",
    "cli.spotting.compare_spotting_command": "spotting.comparison.evaluation.compare_spotting",
    "cli.spotting_scores.score_spotting_command": "spotting.scoring.score_spotting",
    "cli.experiments.evaluate_command": "api.evaluate",
    "cli.networks.profile": "inference.cost.profile",
}
# A command takes all cores, a function in Python may take one; a command has texts where a function has objects.
DIFFERENT = {"jobs", "methods", "engine", "seeds"}


@pytest.mark.parametrize("command", FUNCTIONS)
def test_the_options_of_a_command_have_the_defaults_of_the_function(command):
    typed, called = (
        inspect.signature(resolve_name(f"merlab.{name}")).parameters for name in (command, FUNCTIONS[command])
    )
    shared = (typed.keys() & called.keys()) - DIFFERENT
    assert len(shared) > 2
    assert {name: typed[name].default for name in shared} == {name: called[name].default for name in shared}


def _empty_paths():
    """Each command with "" for one of its paths, and the option where it is one."""
    for command, function in _commands():
        before: list[str] = []
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
            hint = parameter.annotation
            info, is_path = getattr(hint, "__metadata__", [None])[0], "pathlib" in str(hint)
            if isinstance(info, ArgumentInfo):
                if is_path:
                    yield [*command, *before, "", *(["given"] if "list" in str(hint) else [])], ""
                before.append("given")
            elif is_path:
                # A name that is given comes first, where typer has the default without Annotated.
                option = f"--{name.replace('_', '-')}" if info.default is ... else info.default
                yield [*command, option, ""], option


@pytest.mark.parametrize(("command", "option"), list(_empty_paths()))
def test_no_command_takes_an_empty_path_for_the_current_folder(merlab, tmp_path, command, option):
    status, _, err = merlab(*command)
    assert status == 2
    assert f"Invalid value for '{option}" in err
    assert "the path is empty; give one (. is the current folder)" in err
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_begin_with_the_home_of_the_user(merlab, tmp_path, monkeypatch):
    """A shell leaves the ~ of --out=~/run as it is."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    _, _, err = merlab("report", "~/run")
    assert err.startswith(f"error: {tmp_path / 'home' / 'run'} does not exist")


def test_no_command_is_missing_from_the_list_above(merlab):
    listed = {_name(command) for command in cli.app.registered_commands}
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
    assert "Value error" not in err


def test_the_help_page_lists_the_commands_in_the_order_of_the_work(merlab):
    _, out, _ = merlab("--help")
    headings = [line.strip("╭╮─ ") for line in out.splitlines() if line.startswith("╭")]
    assert headings == ["Options", DATA, EXPERIMENTS, VIDEOS, SPOTTING, RECOGNIZERS, SYNTHETIC_DATA]
    listed = [line.split()[1] for line in out.splitlines() if re.match("│ [a-z]", line)]
    assert listed == list(ORDER)
    assert sorted(listed) == sorted(COMMANDS)


def test_a_file_whose_name_begins_with_a_dash_is_not_only_an_unknown_option(merlab, tmp_path):
    (tmp_path / "-a b.avi").touch()
    status, _, err = merlab("recognize", "-a b.avi")
    assert (status, "for the file -a b.avi, write './-a b.avi'" in err) == (2, True)
    (tmp_path / "a.avi").touch()
    for words in (["-c.avi"], ["a.avi", "--nonsense"]):
        status, _, err = merlab("recognize", *words)
        assert (status, "for the file" in err) == (2, False)


def test_a_path_with_blanks_that_was_typed_without_quotes_is_named(merlab, tmp_path):
    folder = tmp_path / "meine Videos" / "Tag 1 (früh)"
    folder.mkdir(parents=True)
    status, _, err = merlab("recognize", "meine", "Videos/Tag", "1", "(früh)", "--out", "x")
    assert (status, "for the path meine Videos/Tag 1 (früh), write 'meine Videos/Tag 1 (früh)'" in err) == (2, True)
    status, _, err = merlab("recognize", "eure", "Videos")
    assert (status, "for the path" in err) == (2, False)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left", "a.csv"), "a.csv: No space left; make room and run the same command"),
        (OSError(errno.EROFS, "Read-only file system", "a.csv"), "a.csv: Read-only file system; choose a place that"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied; choose a place that you may read and"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files; allow more open files (ulimit -n)"),
        (OSError("the disk is gone"), "the disk is gone; check the path"),
        (BlockingIOError(errno.EAGAIN, "Try again"), "Try again; allow more processes and threads (ulimit -u"),
        (RuntimeError("can't start new thread"), "can't start new thread; allow more processes and threads (ulimit -u"),
        (MemoryError(), "there is not enough memory; use fewer --jobs"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory; use fewer --jobs"),
        (OSError(errno.ENOENT, "No such file", "out of memory.csv"), "out of memory.csv: No such file; check the path"),
        (MerlabError("[bold] [/] is not a class"), "[bold] [/] is not a class"),
    ],
)
def test_what_stops_a_command_is_named_with_the_remedy(merlab, monkeypatch, error, message):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("merlab.evaluation.predictions_score.score", fail)
    status, _, err = merlab("score", "table.csv")
    assert (status, err.startswith(f"error: {message}")) == (1, True)


def test_h_is_short_for_help(merlab):
    assert merlab("score", "-h") == merlab("score", "--help")


def test_a_stop_that_no_command_answers_does_not_claim_that_nothing_was_changed(merlab, monkeypatch):
    """It may come after a result was stored, while it is printed."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("merlab.evaluation.predictions_score.score", stop)
    status, _, err = merlab("score", "my table.csv")
    assert status == 130
    assert err == "stopped: no file is left half-written\nto start again: merlab score 'my table.csv'\n"


def test_the_help_names_the_first_command_for_each_kind_of_user(merlab):
    printed = " ".join(merlab("--help")[1].split())
    assert all(f"`merlab {words}`" in printed for words in ("demo", "recognize VIDEO", "doctor NAME FOLDER"))


def test_a_stop_while_the_commands_are_read_is_no_traceback(merlab, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(typer.main, "get_command", stop)
    assert merlab("methods") == (
        130,
        "",
        "stopped: no file is left half-written\nto start again: merlab methods\n",
    )


def test_a_stop_while_the_command_line_is_loaded_is_no_traceback():
    """It takes half a second, in which a user may see that a command is wrong."""
    program = """
import runpy, sys

class Stop:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stop())
runpy.run_module("merlab", run_name="__main__")
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_a_stop_that_a_command_answers_says_what_is_kept_and_how_to_continue(merlab, monkeypatch):
    def stop(*_: object) -> None:
        raise Stopped("all is kept in [out]")

    monkeypatch.setattr("merlab.evaluation.predictions_score.score", stop)
    assert merlab("score", "[a].csv") == (
        130,
        "",
        "stopped: all is kept in [out]\nto continue: merlab score '[a].csv'\n",
    )


def test_the_command_line_starts_without_the_libraries_that_load_slowly():
    slow = {"torch", "cv2", "sklearn", "scipy", "pandas", "numpy", "matplotlib", "pydantic", "fastapi"}
    program = f"import sys, merlab.cli; print(*sorted({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "\n"


def test_version(merlab):
    assert merlab("--version")[1].startswith("merlab ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no folder in which a process works")
def test_a_command_in_a_folder_that_was_deleted_says_so(merlab, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    status, _, error = merlab("databases")
    assert status == 1
    assert "error: the current folder cannot be used" in error


@pytest.mark.parametrize(("loaded", "frozen"), [([], 1), (["triton"], 0)])
def test_triton_lists_no_objects_that_are_left_at_the_end(merlab, monkeypatch, loaded, frozen):
    """It lists them where Python does not search them; triton itself comes with PyTorch for GPUs only."""
    at_end: list[Callable[[], object]] = []
    frozen_times: list[int] = []
    monkeypatch.setattr("atexit.register", at_end.append)
    monkeypatch.setattr(gc, "freeze", lambda: frozen_times.append(1))
    merlab("--version")
    monkeypatch.delitem(sys.modules, "triton", raising=False)
    for name in loaded:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for end in at_end:
        end()
    assert len(frozen_times) == frozen

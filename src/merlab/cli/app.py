"""The application of the command line: its version, its help, and how it reports errors."""

from __future__ import annotations

import atexit
import codecs
import errno
import gc
import inspect
import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.markup import escape
from typer.core import TyperGroup

from merlab.cli.console import err_console, in_plain_signs, out_console, show_warning
from merlab.errors import MerlabError, Stopped, is_out_of_memory
from merlab.given import require_current_folder
from merlab.processes.old_objects import search_old_objects_seldom
from merlab.spelling import as_typed
from merlab.version import __version__

# Headings of the help page, and its commands in the order of a user's work: from a database to a result, from a video
# to a result, and what can be done with a recognizer.
DATA, EXPERIMENTS, VIDEOS = "Databases and clips", "Train and evaluate", "Videos"
SPOTTING, RECOGNIZERS, SYNTHETIC_DATA = "Scores of spotting", "Recognizers: train, export, serve", "Synthetic data"
ORDER = (
    *("databases", "doctor", "schemes", "clips", "prepare", "long-videos"),
    *("demo", "methods", "inputs", "evaluate", "report", "score", "recipes", "reproduce", "profile", "results"),
    *("models", "recognize", "spot", "align", "coding", "agree", "answers"),
    *("spotting-methods", "compare-spotting", "score-spotting", "spotting-selection"),
    *("weights", "pretrain", "export", "serve"),
    *("make-faces", "make-flow", "make-videos"),
)
FAILED, MISUSED, STOPPED = 1, 2, 130
# Under which name Python knows how this application writes what an encoding lacks.
PLAIN_SIGNS_FOR = "merlab.plain-signs"
# Of a path with blanks that was typed without quotes.
MOST_WORDS = 12
NO_MEMORY = "there is not enough memory; use fewer --jobs, or a smaller input"
# What Python says where it may start no thread.
NO_THREAD = "can't start new thread"
MORE_PROCESSES = "allow more processes and threads (ulimit -u, or the limit of the container), or use fewer --jobs"
# What to do about an error of the operating system.
REMEDIES = {
    errno.ENOSPC: "make room and run the same command again",
    errno.EDQUOT: "make room and run the same command again",
    errno.EACCES: "choose a place that you may read and write",
    errno.EPERM: "choose a place that you may read and write",
    errno.EROFS: "choose a place that you may write",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EAGAIN: MORE_PROCESSES,
    errno.EMFILE: "allow more open files (ulimit -n), or use fewer --jobs",
}


class _Commands(TyperGroup):
    """All commands; Ctrl-C is answered here, because typer ends without a message, and a wrong word in plain words."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.commands, key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; Ctrl-C ends it with a message and the status STOPPED."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Newer versions of typer take over how pydantic begins.
            error.message = error.message.removeprefix("Value error, ")
            raise
        except KeyboardInterrupt as stop:
            _end_stopped(stop)


app = typer.Typer(
    help="Micro-expression recognition from face video to honest numbers.\n\n"
    "To begin: `merlab demo` (an experiment on synthetic faces), `merlab recognize VIDEO` (a video of your own), "
    "`merlab doctor NAME FOLDER` (your copy of a database).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    cls=_Commands,
)


def flow_help(commands: typer.Typer) -> None:
    """Let the help of all commands flow in the width of the terminal; typer keeps the lines of their docstrings."""
    for command in commands.registered_commands:
        paragraphs = (inspect.getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(each.replace("\n", " ") for each in paragraphs)
    for group in commands.registered_groups:
        if group.typer_instance:
            flow_help(group.typer_instance)


def main() -> None:
    """Run the command line. A mistake of the user gives a message and status 1, not a traceback."""
    # It must be set before torch is loaded. Otherwise idle threads keep the cores busy and slow other programs down.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    search_old_objects_seldom()
    codecs.register_error(PLAIN_SIGNS_FOR, in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        # The names of files may contain characters that the terminal cannot show.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAIN_SIGNS_FOR)
    warnings.showwarning = show_warning
    atexit.register(_end_at_once)
    signal.signal(signal.SIGTERM, _stop)
    # Under nohup, it is ignored and stays so.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _stop_for_good)
    try:
        # PyTorch ends a process in a deleted folder with a message about itself.
        require_current_folder()
        app()
    except SystemExit as end:
        if end.code == MISUSED:
            _hint_at_paths(sys.argv[2:])
        raise
    except MerlabError as error:
        _fail(str(error))
    except OSError as error:
        if is_out_of_memory(error):
            _fail(NO_MEMORY)
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}; {REMEDIES.get(error.errno or 0, 'check the path')}")
    except Exception as error:
        if str(error) == NO_THREAD:
            _fail(f"{NO_THREAD}; {MORE_PROCESSES}")
        if not is_out_of_memory(error):
            raise
        _fail(NO_MEMORY)
    except KeyboardInterrupt as stop:
        _end_stopped(stop)


def _end_at_once() -> None:
    """Leave memory to the system: Python would search all objects of all libraries for cycles, which takes up to .3 s.

    triton, which PyTorch for GPUs loads for some work, prints a list of all its objects that are left.
    """
    if "triton" not in sys.modules:
        gc.freeze()


def _hint_at_paths(arguments: Sequence[str]) -> None:
    """After a command line that is not understood: a file begins with a dash, or a path has blanks and no quotes."""
    for name in arguments:
        if name.startswith("-") and Path(name).exists():
            err_console.print(f"for the file {escape(name)}, write {escape(as_typed(f'./{name}'))}", soft_wrap=True)
    for first in range(len(arguments)):
        for count in range(2, MOST_WORDS + 1):
            name = " ".join(arguments[first : first + count])
            if first + count <= len(arguments) and os.path.exists(name):  # noqa: PTH110 - Path raises for a long name
                err_console.print(f"for the path {escape(name)}, write {escape(as_typed(name))}", soft_wrap=True)


def _stop(number: int, frame: FrameType | None) -> None:
    """A request to end, as `kill` sends it, is treated as Ctrl-C."""
    raise KeyboardInterrupt


def _stop_for_good(number: int, frame: FrameType | None) -> None:
    """The end of the terminal is a request to end, answered as SIGTERM is at that moment; the shell may repeat it."""
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGTERM)


def _fail(message: str) -> None:
    err_console.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    sys.exit(FAILED)


def _end_stopped(stop: KeyboardInterrupt) -> NoReturn:
    """Print what is kept, and the command that continues; the status is STOPPED."""
    # A second Ctrl-C ends the process at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    kept = str(stop) if isinstance(stop, Stopped) else "no file is left half-written"
    command = as_typed("merlab", *sys.argv[1:])
    verb = "continue" if isinstance(stop, Stopped) else "start again"
    err_console.print(f"stopped: {escape(kept)}\nto {verb}: {escape(command)}", soft_wrap=True)
    sys.exit(STOPPED)


def _version(requested: bool) -> None:
    if requested:
        out_console.print(f"merlab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Micro-expression recognition from face video to honest numbers."""

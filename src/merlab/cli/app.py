"""The application of the command line: its version, its help, and how it reports errors."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from merlab.cli.console import err_console, out_console
from merlab.errors import MerlabError
from merlab.version import __version__

# Headings of the help page.
DATA, VIDEOS, EXPERIMENTS, METHODS = "Data", "Videos", "Experiments", "Methods and inputs"

app = typer.Typer(
    help="Micro-expression recognition from face video to honest numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def main() -> None:
    """Run the command line. A mistake of the user gives a message and status 1, not a traceback."""
    # It must be set before torch is loaded. Otherwise idle threads keep the cores busy and slow other programs down.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except MerlabError as error:
        err_console.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err_console.print("stopped; the same command resumes the work")
        sys.exit(130)


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

"""Commands about numbers in documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from merlab.cli.app import EXPERIMENTS, app
from merlab.cli.arguments import PathArgument, PathOption
from merlab.cli.console import print_note
from merlab.errors import MerlabError

ResultsOption = Annotated[Path, PathOption(help="Folder of stored runs.")]
CheckOption = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit with status 1 if something is out of date.")
]

results_app = typer.Typer(help="Numbers in documents, taken from stored runs.", no_args_is_help=True)
app.add_typer(results_app, name="results", rich_help_panel=EXPERIMENTS)


@results_app.command()
def save(
    run: Annotated[Path, PathArgument(help="Run folder.", metavar="RUN")],
    file: Annotated[Path, PathArgument(help="The JSON file to write, e.g. docs/results/NAME.json.", metavar="FILE")],
    command: Annotated[str, typer.Option(help="The command that made the run, as a reader would type it.")],
) -> None:
    """Store a run's summary (no per-clip data) for the tables of documents."""
    from merlab.reports.stored import store_result

    store_result(run, file, command)


@results_app.command()
def leaderboard(
    results: ResultsOption = Path("docs/results"),
    check: CheckOption = False,
) -> None:
    """Write leaderboard.csv beside the stored runs: every method of every run, with date, commit, seeds and stamps.

    Where the rows of a table are of several versions of merlab, a note names them.
    """
    from merlab.reports.leaderboard import CSV_NAME, read_boards, write_csv

    boards = read_boards(results)
    if not write_csv(boards, results, check):
        raise MerlabError(f"out of date: {results / CSV_NAME}; run the same command without --check")
    for board in boards:
        if board.note:
            print_note(f"{board.title} {board.note}")


@results_app.command()
def fill(
    documents: Annotated[list[Path], PathArgument(help="Markdown files with blocks to fill.", metavar="FILE")],
    results: ResultsOption = Path("docs/results"),
    check: CheckOption = False,
) -> None:
    """Put the tables of stored runs, leaderboards and published results into documents."""
    from merlab.reports.documents import fill as fill_document

    stale = [document for document in documents if not fill_document(document, results, check)]
    if stale:
        raise MerlabError(f"out of date: {', '.join(map(str, stale))}; run the same command without --check")

"""The command that exports a recognizer as an ONNX or OpenVINO file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import RECOGNIZERS, app
from merlab.cli.arguments import AlignedOption, JsonOption, PathOption, TableOption
from merlab.cli.console import err_console, out_console, print_json, print_table
from merlab.errors import MerlabError
from merlab.vocabulary import ExportFormat, ExportPrecision

if TYPE_CHECKING:
    from merlab.models.export import Exported


@app.command("export", rich_help_panel=RECOGNIZERS)
def export_command(
    out: Annotated[Path, PathOption(help="The new file: .onnx, or .xml for OpenVINO (its weights: .bin beside it).")],
    export_format: Annotated[ExportFormat, typer.Option("--format", help="What reads it: ONNX Runtime, or OpenVINO.")],
    weights: Annotated[
        Path | None,
        PathOption(help="A file of `merlab pretrain`; unless given, the recognizer that ships with merlab."),
    ] = None,
    precision: Annotated[
        ExportPrecision, typer.Option(help="bf16: OpenVINO only; int8: calibrated on clips of other subjects.")
    ] = "fp32",
    database: Annotated[
        str | None, typer.Option(help="Calibrate and compare on this database; unless given, on SYNTHETIC clips.")
    ] = None,
    root: Annotated[Path | None, PathOption(help="The folder that holds the database.")] = None,
    table: TableOption = None,
    aligned: AlignedOption = False,
    subjects: Annotated[
        int | None,
        typer.Option(
            min=1, help="Without --database: SYNTHETIC subjects to compare on, 6 clips of each; unless given, 12."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Export a recognizer as an ONNX or OpenVINO file, compared with PyTorch before it is written.

    Its metadata holds classes, input recipe, temperature and stamps. A float32 file that gives other answers than
    PyTorch is refused.
    """
    from merlab.databases import load
    from merlab.models.export import Export, export_recognizer
    from merlab.models.recognizer import load_recognizer

    if (database is None) != (root is None):
        raise MerlabError("--database and --root belong together: a database, and the folder that holds it")
    if database is None and (table is not None or aligned):
        raise MerlabError("--table and --aligned describe a database; add --database and --root, or leave them out")
    recognizer = load_recognizer(weights)
    # A missing package or an unfit name is refused before a database is read, which takes minutes for a large one.
    Export(recognizer, export_format, precision, out)
    stated = True if aligned else None
    clips = None if database is None or root is None else load(database, root, table=table, aligned=stated)
    done = export_recognizer(
        out, export_format, weights=recognizer, precision=precision, clips=clips, subjects=subjects
    )
    if as_json:
        facts = {"judged_on": done.compared_on, "bytes": done.bytes, "out": str(done.out), **done.metadata}
        print_json({**vars(done.agreement), **facts})
        return
    _show(done)
    for stamp in done.stamps:
        err_console.print(f"[yellow]{escape(stamp)}[/]")
    out_console.print(f"{precision} for {export_format}: {escape(str(done.out))}", soft_wrap=True)


def _show(done: Exported) -> None:
    found = done.agreement
    rows = [
        ["decisions changed", f"{found.changed} of {found.clips}"],
        ["largest difference of a probability", f"{found.probabilities:.2e}"],
        ["largest difference of a logit", f"{found.logits:.2e} (range of the logits: {found.logit_range:.3g})"],
        ["size", f"{done.bytes / 1e6:.2f} MB"],
    ]
    print_table(f"Agreement with PyTorch on {done.compared_on}", ["", ""], rows)

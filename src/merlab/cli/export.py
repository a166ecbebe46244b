"""The command that takes a recognizer elsewhere: ONNX and OpenVINO files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import JsonOption
from merlab.cli.console import err_console, out_console, print_json, print_table, progress_bar
from merlab.errors import MerlabError
from merlab.vocabulary import ExportFormat, ExportPrecision

if TYPE_CHECKING:
    from merlab.models.agreement import Agreement


@app.command("export", rich_help_panel=VIDEOS)
def export_command(
    out: Annotated[Path, typer.Option(help="The new file: .onnx, or .xml for OpenVINO (its weights: .bin beside it).")],
    export_format: Annotated[ExportFormat, typer.Option("--format", help="What reads it: ONNX Runtime, or OpenVINO.")],
    weights: Annotated[
        Path | None, typer.Option(help="A file of `merlab pretrain`; unless given, the recognizer within merlab.")
    ] = None,
    precision: Annotated[
        ExportPrecision, typer.Option(help="bf16: OpenVINO only; int8: calibrated on clips of other subjects.")
    ] = "fp32",
    database: Annotated[
        str | None, typer.Option(help="Calibrate and judge on this database; unless given, on SYNTHETIC clips.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="The folder that holds the database.")] = None,
    subjects: Annotated[int, typer.Option(min=1, help="SYNTHETIC subjects that it is judged on, 6 clips each.")] = 12,
    as_json: JsonOption = False,
) -> None:
    """Export a recognizer as an ONNX or OpenVINO file, judged against PyTorch before it is written.

    Classes, input recipe, temperature and stamps travel in its metadata. A float32 file that answers otherwise than
    PyTorch is refused.
    """
    from merlab.models.export import Export
    from merlab.models.export_clips import database_clips, drawn_clips
    from merlab.models.recognizer import load_recognizer

    if (database is None) != (root is None):
        raise MerlabError("--database and --root go together: the database, and the folder that holds it")
    recognizer = load_recognizer(weights)
    export = Export(recognizer, export_format, precision, out)
    with progress_bar() as progress:
        chosen = (
            drawn_clips(recognizer.card, subjects, export.calibrated, progress)
            if database is None or root is None
            else database_clips(recognizer.recipe, database, root, export.calibrated, progress)
        )
        progress(0, 1, "exporting and comparing")
        judged = export.write(chosen.test, chosen.calibration)
    size = sum(path.stat().st_size for path in export.files)
    if as_json:
        print_json({**vars(judged), "judged_on": chosen.what, "bytes": size, "out": str(out), **export.metadata()})
        return
    _show(judged, chosen.what, size)
    for stamp in recognizer.card.stamps:
        err_console.print(f"[yellow]{escape(stamp)}[/]")
    out_console.print(f"{export.precision} for {export.format}: {escape(str(out))}", soft_wrap=True)


def _show(judged: Agreement, what: str, size: int) -> None:
    rows = [
        ["decisions changed", f"{judged.changed} of {judged.clips}"],
        ["largest difference of a probability", f"{judged.probabilities:.2e}"],
        ["largest difference of a logit", f"{judged.logits:.2e} (the logits span {judged.logit_range:.3g})"],
        ["size", f"{size / 1e6:.2f} MB"],
    ]
    print_table(f"Agreement with PyTorch on {what}", ["", ""], rows)

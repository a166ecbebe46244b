"""Commands that list what is available: methods, databases, inputs, label schemes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from merlab.cli.app import DATA, METHODS, app
from merlab.cli.arguments import JsonOption
from merlab.cli.console import out_console, print_json, print_table

if TYPE_CHECKING:
    import pandas as pd


@app.command("methods", rich_help_panel=METHODS)
def methods_command(as_json: JsonOption = False) -> None:
    """Every method, with what it is, its paper, its presets and its input."""
    from merlab import methods

    columns = {"kind": "kind", "title": "what it is", "presets": "presets", "paper": "paper"}
    hint = (
        "Evaluate one: merlab evaluate NAME --database DATABASE --root FOLDER --scheme SCHEME. Baselines belong "
        "in every table. Your own: --method FILE.py:NAME."
    )
    _print(methods(), columns, "Methods", hint, as_json)


@app.command("databases", rich_help_panel=DATA)
def databases_command(as_json: JsonOption = False) -> None:
    """Every database that merlab reads, and how to obtain it."""
    from merlab import databases

    hint = "Check a copy: merlab doctor NAME FOLDER. Your own clips: merlab doctor table FILE."
    _print(databases(), {"title": "what it is", "access": "how to obtain it"}, "Databases", hint, as_json)


@app.command("inputs", rich_help_panel=METHODS)
def inputs_command(as_json: JsonOption = False) -> None:
    """Every kind of input, with the options of its recipe (the first value is the default)."""
    from merlab import inputs

    columns = {"title": "what it is", "options": "options", "size": "default size"}
    hint = (
        "A recipe is NAME:option=value,... with size=WIDTHxHEIGHT, and regions=mask or mosaic for a local view: "
        "--input flow:channels=uvs,size=28x28."
    )
    _print(inputs(), columns, "Inputs", hint, as_json)


@app.command("schemes", rich_help_panel=DATA)
def schemes_command(as_json: JsonOption = False) -> None:
    """Every label scheme: its classes, and what it does with the clips of a database."""
    from merlab import schemes

    hint = "Your own: --scheme SCHEME.yaml with name: my-classes and labels: {happiness: positive, disgust: negative}."
    columns = {"classes": "classes", "title": "what it is", "published": "published clips, by table version"}
    _print(schemes(), columns, "Label schemes", hint, as_json)


def _print(table: pd.DataFrame, columns: dict[str, str], title: str, hint: str, as_json: bool) -> None:
    if as_json:
        print_json(json.loads(table.reset_index().to_json(orient="records")))
        return
    rows = [[str(name), *(_cell(row[column]) for column in columns)] for name, row in table.iterrows()]
    print_table(title, ["name", *columns.values()], rows)
    out_console.print(hint, markup=False)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}={'|'.join(map(str, each))}" for key, each in value.items())
    if not isinstance(value, list):
        return str(value)
    texts = list(map(str, value))
    return ("\n" if any("," in text for text in texts) else ", ").join(texts)

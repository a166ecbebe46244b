"""Commands that list what is available: methods, databases, inputs, label schemes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from merlab.cli.app import DATA, EXPERIMENTS, app
from merlab.cli.arguments import JsonOption
from merlab.cli.console import out_console, print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from merlab.methods import Method

Names = Annotated[list[str] | None, typer.Argument(help="Only these; unless given, all.", metavar="NAME")]


@app.command("methods", rich_help_panel=EXPERIMENTS)
def methods_command(
    name: Annotated[
        str | None,
        typer.Argument(help="One method: what is published, what is assumed, and its presets.", metavar="NAME"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Every method, with what it is and its presets; or one of them in full, with its paper and its input."""
    from merlab import methods

    if name is not None:
        _print_method(name, as_json)
        return
    if as_json:
        _print_records(methods())
        return
    for kind, table in methods().groupby("kind", sort=False):
        _print_rows(table, {"title": "what it is", "presets": "presets"}, f"Methods: {kind}")
    out_console.print(
        "Evaluate one: merlab evaluate NAME --database DATABASE --root FOLDER --scheme SCHEME. Baselines belong "
        "in every table. One in full, with its paper: merlab methods NAME. Your own: --method FILE.py:NAME.",
        markup=False,
    )


def _print_method(name: str, as_json: bool) -> None:
    from merlab.methods import description, find_method

    method = find_method(name)
    known = list(dict.fromkeys(each.title for each in method.zoo))
    presets = {preset: method.preset(preset).model_dump(mode="json") for preset in method.presets}
    if as_json:
        facts = {"name": name, "title": method.title, "paper": method.paper, "input": method.input}
        print_json({**facts, "starts_from": known, "description": description(method), "presets": presets})
        return
    lines = [f"{name}: {method.title or 'your own'}", *([f"paper: {method.paper}"] if method.paper else [])]
    lines += [f"input: {method.input}"]
    lines += [f"--from also takes weights of {', '.join(known)}"] if known else []
    # The lines of the source are wider than a terminal: their breaks go, those before items and paragraphs stay.
    text = re.sub(r"(?<=\S)\n(?=[^\s*-])", " ", description(method))
    out_console.print("\n".join([*lines, "", text]), markup=False, highlight=False)
    rows = [[preset, *_preset_cells(method, preset)] for preset in presets]
    print_table("Presets", ["name", "where it comes from", "settings"], rows)
    out_console.print(f"Evaluate it: merlab evaluate {name} --preset {next(iter(presets))} ...", markup=False)


def _preset_cells(method: Method, name: str) -> list[str]:
    """Where a preset comes from, and what of its settings differs from the defaults."""
    preset = method.preset(name)
    changed = {} if preset.training is None else preset.training.model_dump(mode="json", exclude_defaults=True)
    settings = [f"{key}={value}" for key, value in {**preset.network, **changed}.items()]
    settings += [f"input {preset.input}"] if preset.input else []
    settings += [f"needs {', '.join(preset.needs)}"] if preset.needs else []
    return [preset.source + (" (REDUCED)" if preset.reduced else ""), "\n".join(settings)]


@app.command("databases", rich_help_panel=DATA)
def databases_command(names: Names = None, as_json: JsonOption = False) -> None:
    """Every database that merlab reads, and how to obtain it."""
    from merlab import databases

    hint = "Check a copy: merlab doctor NAME FOLDER. Your own clips: merlab doctor table FILE."
    _print(databases(*(names or [])), {"title": "what it is", "access": "how to obtain it"}, "Databases", hint, as_json)


@app.command("inputs", rich_help_panel=EXPERIMENTS)
def inputs_command(names: Names = None, as_json: JsonOption = False) -> None:
    """Every kind of input, with the options of its recipe (the first value is the default)."""
    from merlab import inputs
    from merlab.inputs.recipe import COMMON_CHOICES

    columns = {"title": "what it is", "options": "options", "size": "default size"}
    common = ", ".join(f"{key}={'|'.join(values)}" for key, values in COMMON_CHOICES.items())
    hint = (
        f"Every input also has size=WIDTHxHEIGHT, {common}. "
        "A recipe is NAME:option=value,... as in --input flow:channels=uvs,size=28x28."
    )
    _print(inputs(*(names or [])), columns, "Inputs", hint, as_json)


@app.command("schemes", rich_help_panel=DATA)
def schemes_command(names: Names = None, as_json: JsonOption = False) -> None:
    """Every label scheme: its classes, and what it does with the clips of a database."""
    from merlab import schemes

    hint = "Your own: --scheme SCHEME.yaml with name: my-classes and labels: {happiness: positive, disgust: negative}."
    columns = {"classes": "classes", "title": "what it is", "published": "published clips, by table version"}
    _print(schemes(*(names or [])), columns, "Label schemes", hint, as_json)


def _print(table: pd.DataFrame, columns: dict[str, str], title: str, hint: str, as_json: bool) -> None:
    if as_json:
        _print_records(table)
        return
    _print_rows(table, columns, title)
    out_console.print(hint, markup=False)


def _print_records(table: pd.DataFrame) -> None:
    print_json(json.loads(table.reset_index().to_json(orient="records")))


def _print_rows(table: pd.DataFrame, columns: dict[str, str], title: str) -> None:
    rows = [[str(name), *(_cell(row[column]) for column in columns)] for name, row in table.iterrows()]
    print_table(title, ["name", *columns.values()], rows)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}={'|'.join(map(str, each))}" for key, each in value.items())
    if not isinstance(value, list):
        return str(value)
    texts = list(map(str, value))
    return ("\n" if any("," in text for text in texts) else ", ").join(texts)

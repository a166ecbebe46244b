"""Commands about published experiments: reproduce, recipes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import EXPERIMENTS, app
from merlab.cli.arguments import (
    AddressOption,
    AlignedOption,
    EngineOption,
    JobsOption,
    JsonOption,
    PathOption,
    TableOption,
    is_given,
    make_engine,
)
from merlab.cli.console import out_console, print_frame, print_json, print_table
from merlab.cli.faces import LandmarksOption, face_finding
from merlab.errors import MerlabError, keeping
from merlab.outputs.locks import only_writer
from merlab.progress import shown_progress
from merlab.stamps import in_brackets
from merlab.vocabulary import FIGURE_NAMES, TABLE_NAMES, DetectorName, ProtocolName

if TYPE_CHECKING:
    from merlab.reproduction import Bench, ComparedTable


# Options that one target alone uses.
ONLY_WITH = {"leak": ("method",), "figure3": ("image", "detector", "detector_model", "detector_config", "landmarks")}


@app.command("reproduce", rich_help_panel=EXPERIMENTS)
def reproduce_command(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join((*TABLE_NAMES, *FIGURE_NAMES))}, all; or a recipe that `merlab recipes` lists; or a "
            "YAML file of your own.",
            metavar="TARGET",
        ),
    ],
    database: Annotated[
        str, typer.Option(help="The database to measure on, such as casme2; SYNTHETIC faces unless given.")
    ] = "synthetic",
    root: Annotated[Path | None, PathOption(help="The folder that holds the database.")] = None,
    table: TableOption = None,
    aligned: AlignedOption = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Published settings and 5 seeds; what it will cost is printed first. Without it, smaller ones and 2 "
            "seeds, marked.",
        ),
    ] = False,
    out: Annotated[Path, PathOption(help="Folder for the results; the same command resumes.")] = Path(
        "merlab-reproduction"
    ),
    epochs: Annotated[int | None, typer.Option(min=1, help="Train this long instead of the presets' lengths.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="How many seeds; fewer than 5 are marked. Unless given: 2, with --full 5."),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="Unless given: the recipe's, else casme2-5-merged on CASME II and SYNTHETIC faces, else megc2019."
        ),
    ] = None,
    protocol: Annotated[
        ProtocolName | None, typer.Option(help="Unless given: kfold on SYNTHETIC faces, else loso.")
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            help="With table8: only these rows, by method, separated by commas, such as ktgsl,aman; the baselines are "
            "added."
        ),
    ] = None,
    method: Annotated[str, typer.Option(help="With leak: the network that is measured by both rules.")] = "off-apexnet",
    engine: EngineOption = "local",
    address: AddressOption = None,
    image: Annotated[
        Path | None, PathOption(help="With figure3: your photograph or frame; a SYNTHETIC one unless given.")
    ] = None,
    detector: Annotated[DetectorName, typer.Option(help="With figure3: how the face is found.")] = "yunet",
    detector_model: Annotated[Path | None, PathOption(help="The .pb file that opencv-ssd needs.")] = None,
    detector_config: Annotated[Path | None, PathOption(help="The .pbtxt file that opencv-ssd needs.")] = None,
    landmarks: LandmarksOption = "mesh",
    jobs: JobsOption = None,
    cache: Annotated[Path | None, PathOption(help="Folder for inputs; the user's cache unless given.")] = None,
) -> None:
    """Repeat a table or figure of the dual-branch paper, or a recipe: published values beside measured ones.

    Tables are written to --out as Markdown, CSV and JSON, figures as PNG and SVG. Without --full, reduced presets are
    measured and marked REDUCED. Without --root, SYNTHETIC faces are made, and the results are marked SYNTHETIC.
    """
    from merlab.faces.alignment import FaceFinding
    from merlab.reproduction import Bench, check_rows, targets_of

    wanted, finding = targets_of(target), FaceFinding()
    chosen = tuple(filter(None, map(str.strip, (rows or "").split(","))))
    check_rows(chosen, wanted)
    _require_used(context, wanted)
    if "figure3" in wanted:
        finding = face_finding(detector, detector_model, detector_config, landmarks)
        # A missing model file is reported before the first table, not after hours.
        finding.open()
    bench = Bench(
        out,
        database=database,
        root=root,
        table=table,
        aligned=aligned,
        scheme=scheme,
        protocol=protocol,
        full=full,
        epochs=epochs,
        seeds=seeds,
        leak_method=method,
        rows=chosen,
        image=image,
        finding=finding,
        engine=make_engine(engine, jobs, address),
        cache=cache,
    )
    with only_writer(out):
        for name in wanted:
            _make(name, bench)


@app.command("recipes", rich_help_panel=EXPERIMENTS)
def recipes_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One recipe, or a YAML file of your own: its settings, what is not published, and what is assumed.",
            metavar="NAME",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Published experiments that `merlab reproduce NAME` repeats, with their published values; or one in full."""
    from merlab.recipes import experiments

    if name is not None:
        _print_recipe(name, as_json)
        return
    known = experiments()
    if as_json:
        print_json([{"name": name, **experiment.model_dump(mode="json")} for name, experiment in known.items()])
        return
    rows = [
        [
            name,
            f"{experiment.database}, {experiment.scheme}, {experiment.protocol}",
            "\n".join(f"{item.metric} {item.value:g} ({item.source})" for item in experiment.published),
        ]
        for name, experiment in known.items()
    ]
    print_table("Recipes", ["name", "data", "published"], rows)


def _print_recipe(name: str, as_json: bool) -> None:
    from merlab.recipes import find_experiment, find_paper
    from merlab.reproduction import remarks

    experiment = find_experiment(name)
    paper, notes = find_paper(experiment.paper), remarks(experiment)
    settings = experiment.model_dump(mode="json", exclude={"silent", "contradictions", "notes", "published"})
    if as_json:
        published = [item.model_dump(mode="json") for item in experiment.published]
        print_json({"name": name, "title": paper.title, **settings, "published": published, "remarks": notes})
        return
    out_console.print(f"{experiment.name}: {paper.authors}, {paper.title}", markup=False, highlight=False)
    rows = [[item.metric, f"{item.value:g}", item.source] for item in experiment.published]
    print_table("Settings", ["setting", "value"], [[key, str(value)] for key, value in settings.items() if value])
    print_table("Published", ["metric", "value", "source"], rows)
    for note in notes:
        out_console.print(f"- {escape(note)}", highlight=False, soft_wrap=True)
    out_console.print(f"Repeat it: merlab reproduce {name} ...", markup=False)


def _require_used(context: typer.Context, wanted: Sequence[str]) -> None:
    """Raises MerlabError for an option that none of the targets uses."""
    for target, options in ONLY_WITH.items():
        given = [f"--{name.replace('_', '-')}" for name in options if is_given(context, name)]
        if given and target not in wanted:
            raise MerlabError(
                f"only {target} uses {' and '.join(given)}, and the target is {', '.join(wanted)}; leave it out"
            )


def _make(target: str, bench: Bench) -> None:
    """Make one target, print it, and print where it is and how long it took."""
    from merlab.reproduction import FIGURES, make_figure, make_table

    start = time.monotonic()
    with keeping(f"finished work is kept in {bench.out}"), shown_progress() as progress:
        watched = replace(bench, progress=progress, announce=_announce)
        table = None if target in FIGURES else make_table(target, watched)
        paths = make_figure(target, watched) if table is None else table.write(bench.out)
    if table is not None:
        _print(table)
    out_console.print(f"{escape(', '.join(map(str, paths)))} ({_duration(time.monotonic() - start)})", soft_wrap=True)


def _announce(text: str) -> None:
    out_console.print(escape(text), soft_wrap=True)


def _print(table: ComparedTable) -> None:
    """The shares, then the other columns as a table of their own, so that each fits a terminal, then the notes."""
    from merlab.reproduction import paired

    text = table.text()
    print_frame(f"{table.title}{in_brackets(table.stamps)}", paired(text.drop(columns=table.extra_columns)))
    if table.extra_columns:
        costs = paired(text.loc[[bool(row.cells) for row in table.rows], ["row", *table.extra_columns]])
        print_frame(table.extra_title, costs)
    for note in table.notes:
        out_console.print(f"- {escape(note)}", soft_wrap=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"

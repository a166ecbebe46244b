"""Commands about experiments: the demo, evaluate, score, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from merlab.cli.app import EXPERIMENTS, app
from merlab.cli.arguments import (
    AddressOption,
    EngineName,
    EngineOption,
    JobsOption,
    JsonOption,
    NetworkOption,
    Protocol,
    SeedOption,
    Selection,
    SynthesisPreset,
    key_values,
    make_engine,
)
from merlab.cli.console import out_console, print_json, print_table, progress_bar
from merlab.cli.data import make_faces_command
from merlab.errors import MerlabError

DEMO_SUBJECTS, DEMO_CLIPS, DEMO_FOLDS, DEMO_SEEDS = 10, 80, 4, 2
DEMO_METHODS = ("constant", "random", "linear-svm", "dbfem-caffm")


@app.command(rich_help_panel=EXPERIMENTS)
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the faces, the run and the report.")] = Path("merlab-demo"),
    seed: SeedOption = 0,
    preset: Annotated[
        SynthesisPreset, typer.Option(help="Which synthetic faces; on null there is nothing to learn.")
    ] = SynthesisPreset.DEFAULT,
    jobs: JobsOption = None,
) -> None:
    """See a whole experiment in minutes: synthetic faces, baselines, a reduced network, the report.

    Makes a small SYNTHETIC database, evaluates constant, random, a linear SVM and a reduced DBFEM+CAFFM by folds that
    share no subject, and writes the report.
    """
    faces = out / "faces"
    make_faces_command(faces, DEMO_SUBJECTS, DEMO_CLIPS, preset, seed, raw=False, jobs=jobs)
    evaluate_command(
        list(DEMO_METHODS),
        database=["synthetic"],
        root=[faces],
        scheme="casme2-5",
        protocol=Protocol.KFOLD,
        folds=DEMO_FOLDS,
        seeds=DEMO_SEEDS,
        out=out / "run",
        cache=out / "cache",
        jobs=jobs,
    )


@app.command("evaluate", rich_help_panel=EXPERIMENTS)
def evaluate_command(
    methods: Annotated[list[str], typer.Argument(help="Methods that `merlab methods` lists.", metavar="METHOD...")],
    database: Annotated[list[str], typer.Option(help="Database; repeat with --root for a union.")],
    root: Annotated[list[Path], typer.Option(help="The folder that holds it, one for each --database.")],
    scheme: Annotated[
        str,
        typer.Option(help="Label scheme: casme2-5, casme2-5-merged (the paper's), casme2-4, megc2019, samm-5, smic-3."),
    ],
    protocol: Annotated[
        Protocol, typer.Option(help="loso: leave one subject out; kfold: folds that share no subject.")
    ],
    input_recipe: Annotated[
        str | None, typer.Option("--input", help="Input recipe, e.g. flow:channels=uvs,size=28x28.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="paper: as published (days on a CPU for the paper's network); reduced: smaller, stamped. "
            "Unless given: flow28 on stored flow where the method has it, else reduced."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Train this long instead of the preset's length.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, 0 .. N-1; fewer than 5 are stamped.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Run folder; the same command continues what lies there.")] = None,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds of --protocol kfold.")] = 5,
    train_on: Annotated[
        list[str] | None, typer.Option(help="With hold-out-database: train on these, test on all others.")
    ] = None,
    selection: Annotated[
        Selection | None,
        typer.Option(help="Which epoch's weights are tested; best-epoch-on-test is a leak, and stamped."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Another training setting, e.g. class_weights=balanced, mirror=true, batch_size=32."
        ),
    ] = None,
    network: NetworkOption = None,
    engine: EngineOption = EngineName.LOCAL,
    address: AddressOption = None,
    jobs: JobsOption = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for inputs already made; the user's cache unless given.")
    ] = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Go on without unusable clips; stamped.")
    ] = False,
) -> None:
    """Evaluate methods on a database by folds that share no subject.

    Predictions, metrics and a report are left in the run folder.
    """
    from merlab.evaluation.experiment import evaluate
    from merlab.evaluation.plan import plan_run
    from merlab.reports.html import write_report
    from merlab.reports.tables import console_table, database_table, verdict

    settings: dict[str, Any] = dict(key_values(setting, "--set"))
    settings.update(
        {
            key: value
            for key, value in {"epochs": epochs, "selection": selection and selection.value}.items()
            if value is not None
        }
    )
    if len(database) != len(root):
        raise MerlabError(
            f"{len(database)} --database but {len(root)} --root; give one folder for each database, in the same order"
        )
    plan, sources = plan_run(
        methods,
        sources=list(zip(database, root, strict=True)),
        scheme=scheme,
        protocol=protocol.value,
        folds=folds,
        train_on=train_on,
        input_text=input_recipe,
        preset=preset,
        settings=settings,
        network=key_values(network, "--network"),
        seeds=range(seeds),
        allow_unusable=allow_unusable,
    )
    chosen = make_engine(engine, jobs, address)
    folder = out or Path("-".join(["merlab-run", *database, scheme, protocol.value]))
    with progress_bar() as progress:
        metrics = evaluate(plan, folder, databases=sources, cache=cache, engine=chosen, progress=progress)
        report = write_report(folder)
    out_console.print(console_table(metrics))
    if len(metrics[0]["by_database"]) > 1:
        by_database = database_table(metrics).drop(columns=["accuracy", "macro precision"])
        print_table("By database", list(map(str, by_database)), by_database.to_numpy().tolist())
    out_console.print(escape(verdict(metrics)), soft_wrap=True)
    out_console.print(f"report: {escape(str(report))}", soft_wrap=True)


@app.command(rich_help_panel=EXPERIMENTS)
def score(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet with columns truth and prediction (database, subject, seed where present)."
        ),
    ],
    classes: Annotated[
        str | None, typer.Option(help="The class list, comma separated; unless given, the labels that occur.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Metrics of anybody's predictions: UF1, UAR, accuracy, macro precision, pooled over all rows.

    With a seed column each metric is the mean over seeds of the pooled value.
    """
    from merlab.evaluation.predictions import read_predictions
    from merlab.evaluation.summary import score as score_predictions

    result = score_predictions(read_predictions(file), classes.split(",") if classes else None)
    if as_json:
        print_json(result)
        return
    rows = [[name, f"{result[name]:.4f}"] for name in ("uf1", "uar", "accuracy", "macro_precision")]
    print_table(f"{file.name}: {result['n']} rows", ["metric", "value"], rows)
    confusion = [
        [label, *map(str, counts)] for label, counts in zip(result["classes"], result["confusion"], strict=True)
    ]
    print_table("Confusion matrix, rows are the truth", ["", *result["classes"]], confusion)
    by_database = [
        [name, str(of["n"]), f"{of['uf1']:.4f}", f"{of['uar']:.4f}", f"{of['accuracy']:.4f}"]
        for name, of in result["by_database"].items()
    ]
    if by_database:
        print_table("By database", ["database", "n", "uf1", "uar", "accuracy"], by_database)


@app.command(rich_help_panel=EXPERIMENTS)
def report(run: Annotated[Path, typer.Argument(help="Run folder that `merlab evaluate` left.", metavar="RUN")]) -> None:
    """Draw a run's report again, from its stored predictions alone."""
    from merlab.reports.html import write_report

    out_console.print(f"report: {escape(str(write_report(run)))}", soft_wrap=True)

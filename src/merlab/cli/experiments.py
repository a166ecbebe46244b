"""Commands about experiments: the demo, evaluate, report."""

from __future__ import annotations

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
    NetworkOption,
    PathArgument,
    PathOption,
    SchemeOption,
    SeedOption,
    TablesOption,
    key_values,
    load_databases,
    make_engine,
)
from merlab.cli.console import out_console, print_frame, print_whole
from merlab.cli.synthetic import make_faces_command
from merlab.errors import MerlabError
from merlab.schemes import AS_LABELED
from merlab.vocabulary import ProtocolName, Selection, SynthesisPreset

if TYPE_CHECKING:
    from merlab.reports.results import Results

DEMO_SUBJECTS, DEMO_CLIPS, DEMO_FOLDS, DEMO_SEEDS = 10, 80, 4, 2
DEMO_METHODS = ("constant", "random", "linear-svm", "dbfem-caffm")


@app.command(rich_help_panel=EXPERIMENTS)
def demo(
    out: Annotated[Path, PathOption(help="Folder for the faces, the run and the report.")] = Path("merlab-demo"),
    seed: SeedOption = 0,
    preset: Annotated[
        SynthesisPreset, typer.Option(help="Which synthetic faces; on null there is nothing to learn.")
    ] = "default",
    jobs: JobsOption = None,
) -> None:
    """See a whole experiment in minutes: synthetic faces, baselines, a reduced network, the report.

    Makes a small SYNTHETIC database, evaluates constant, random, a linear SVM and a reduced DBFEM+CAFFM by folds that
    share no subject, and writes the report.
    """
    from merlab.outputs.claims import only_elsewhere

    faces = out / "faces"
    with only_elsewhere(out):
        make_faces_command(faces, DEMO_SUBJECTS, DEMO_CLIPS, preset, seed, raw=False, again=False, jobs=jobs)
    evaluate_command(
        list(DEMO_METHODS),
        database=["synthetic"],
        root=[faces],
        scheme="casme2-5",
        protocol="kfold",
        folds=DEMO_FOLDS,
        seeds=str(DEMO_SEEDS),
        out=out / "run",
        cache=out / "cache",
        jobs=jobs,
    )


@app.command("evaluate", rich_help_panel=EXPERIMENTS)
def evaluate_command(
    methods: Annotated[
        list[str] | None, typer.Argument(help="Methods that `merlab methods` lists.", metavar="METHOD")
    ] = None,
    database: Annotated[
        list[str], typer.Option(help="Database that `merlab databases` lists; repeat with --root to pool several.")
    ] = [],  # noqa: B006 - typer copies it
    root: Annotated[
        list[Path], PathOption(help="The folder that holds it (for table: the file), one for each --database.")
    ] = [],  # noqa: B006 - typer copies it
    table: TablesOption = None,
    aligned: AlignedOption = False,
    scheme: SchemeOption = AS_LABELED,
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="loso: leave one subject out; kfold: folds that share no subject; hold-out-database: train on some "
            "databases, test on the others."
        ),
    ] = "loso",
    own_method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="A method of your own, FILE.py:NAME; NAME is a merlab.Method, a scikit-learn classifier, or anything "
            "with fit and predict_proba. Repeat for more.",
        ),
    ] = None,
    input_recipe: Annotated[
        str | None, typer.Option("--input", help="Input recipe, such as flow:size=28x28; `merlab inputs` lists all.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="paper: as published (days on a CPU for the paper's network); reduced: smaller, and marked so; "
            "pretrained: with --from and --synthetic; `merlab methods NAME` lists all of a method. Unless given: "
            "flow28 on stored flow where the method has it, else reduced, else its first."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Train this long instead of the preset's length.")] = None,
    seeds: Annotated[
        str,
        typer.Option(help="How many seeds, 0 to N - 1, or the seeds: 3,7,11 (of one: 7,). Fewer than 5 are marked."),
    ] = "5",
    out: Annotated[
        Path | None,
        PathOption(
            help="Run folder; unless given, named after database, scheme and protocol. The same command resumes."
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Number of folds of --protocol kfold; unless given, 5.")
    ] = None,
    train_on: Annotated[
        list[str] | None,
        typer.Option(
            help="With hold-out-database: train on these, test on all others. Unless given, each is tested once."
        ),
    ] = None,
    start: Annotated[
        list[Path] | None,
        PathOption(
            "--from",
            metavar="FILE",
            help="Weights to start from: a file of `merlab pretrain`, or your own file of a published network "
            "(.safetensors, .pth, .pt), such as ResNet-18 trained on ImageNet, for the methods that contain it. Repeat "
            "for several: seed s starts from number s modulo their count.",
        ),
    ] = None,
    synthetic: Annotated[
        Path | None,
        PathOption(
            metavar="FOLDER",
            help="Synthetic flow of `merlab make-flow` that is mixed into training, by presets that state it.",
        ),
    ] = None,
    selection: Annotated[
        Selection | None,
        typer.Option(
            help="Which epoch's weights are tested. fixed: the last one; validation: the best one on held-out training "
            "subjects; best-epoch-on-test: a leak, and marked so. Unless given, fixed."
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another training setting, e.g. class_weights=balanced, mirror=true, batch_size=32. "
            "In Python, `merlab.TrainingSettings` explains all.",
        ),
    ] = None,
    network: NetworkOption = None,
    engine: EngineOption = "local",
    address: AddressOption = None,
    jobs: JobsOption = None,
    cache: Annotated[Path | None, PathOption(help="Folder for inputs; the user's cache unless given.")] = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Leave unusable clips out; the result is marked INCOMPLETE.")
    ] = False,
) -> None:
    """Evaluate methods on a database by folds that share no subject.

    Predictions, metrics and a report are written into the run folder.
    """
    from merlab.api import evaluate
    from merlab.reports.results import Results

    given = [*(methods or []), *(own_method or [])]
    if not given or not database:
        raise MerlabError(
            "name at least one method (METHOD, or --method FILE.py:NAME) and one --database with its --root"
        )
    training: dict[str, str | int] = {**key_values(setting, "--set", epochs=epochs, selection=selection)}
    training |= {"epochs": epochs} if epochs is not None else {}
    training |= {"selection": selection} if selection is not None else {}
    folder = out or Path("-".join(["merlab-run", *database, Path(scheme).stem, protocol]))
    # What the options alone say is checked before a database is read, which takes minutes for a large one.
    place, numbers, changed = make_engine(engine, jobs, address), _seeds(seeds), key_values(network, "--network")
    evaluate(
        load_databases(database, root, table, aligned=aligned, allow_unusable=allow_unusable),
        given,
        scheme=scheme,
        protocol=protocol,
        seeds=numbers,
        input=input_recipe,
        preset=preset,
        training=training,
        network=changed,
        folds=folds,
        train_on=train_on,
        start=start,
        synthetic=synthetic,
        out=folder,
        engine=place,
        cache=cache,
    )
    # Of all methods in the folder, as in its report.
    _print_results(Results.read(folder))
    out_console.print(escape(f"report: {folder / 'report.html'}"), soft_wrap=True)


def _seeds(text: str) -> int | list[int]:
    try:
        return [int(each) for each in text.removesuffix(",").split(",")] if "," in text else int(text)
    except ValueError:
        raise MerlabError(f"--seeds takes a number, or seeds such as 3,7,11, got {text!r}") from None


def _print_results(results: Results) -> None:
    from merlab.reports.tables import console_table, database_table

    print_whole(console_table(results.summaries))
    if len(results.summaries[0].by_database) > 1:
        by_database = database_table(results.summaries, ("uf1", "uar"))
        no_class_is_absent = (by_database["classes absent"] == "none").all()
        print_frame("By database", by_database.drop(columns=["classes absent"] if no_class_is_absent else []))
    out_console.print(escape(results.verdict), soft_wrap=True)


@app.command(rich_help_panel=EXPERIMENTS)
def report(run: Annotated[Path, PathArgument(help="Run folder that `merlab evaluate` left.", metavar="RUN")]) -> None:
    """Draw a run's report again, from its stored predictions alone."""
    from merlab.reports.html import write_report
    from merlab.reports.run import read_run

    out_console.print(f"report: {escape(str(write_report(read_run(run), run)))}", soft_wrap=True)

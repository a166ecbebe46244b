"""The commands: parse, call one room, print."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from merlab import __version__
from merlab.console import err_console, out_console, print_json, print_table, progress_bar
from merlab.errors import MerlabError

app = typer.Typer(
    help="Micro-expression recognition from face video to honest numbers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
results_app = typer.Typer(help="Numbers in documents, taken from stored runs.", no_args_is_help=True)
app.add_typer(results_app, name="results")

DEMO_SUBJECTS, DEMO_CLIPS, DEMO_FOLDS, DEMO_SEEDS = 10, 80, 4, 2
DEMO_METHODS = ("constant", "random", "linear-svm", "dbfem-caffm")
PAPER_ROWS = ("gfem", "ltfem", "dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g")


class SynthesisPreset(str, Enum):
    """How hard the synthetic faces are to tell apart."""

    DEFAULT = "default"
    EASY = "easy"
    HARD = "hard"
    NULL = "null"


class Protocol(str, Enum):
    """How clips are divided into folds."""

    LOSO = "loso"
    KFOLD = "kfold"
    HOLD_OUT_DATABASE = "hold-out-database"


class Selection(str, Enum):
    """Which epoch's weights are tested."""

    FIXED = "fixed"
    VALIDATION = "validation"
    BEST_EPOCH_ON_TEST = "best-epoch-on-test"


DatabaseArgument = Annotated[str, typer.Argument(help="A database that `merlab databases` lists.", metavar="DATABASE")]
RootArgument = Annotated[Path, typer.Argument(help="The folder that holds it.", metavar="ROOT")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table for people.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; all cores unless given. Results do not depend on it.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Same seed, same machine: same numbers.")]


def main() -> None:
    """Run the command line; a user's mistake ends in a message and status 1, never in a traceback."""
    try:
        app()
    except MerlabError as error:
        err_console.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err_console.print("stopped; the same command goes on where it was")
        sys.exit(130)


def _version(asked: bool) -> None:
    if asked:
        out_console.print(f"merlab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Micro-expression recognition from face video to honest numbers."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the faces, the run and the report.")] = Path("merlab-demo"),
    seed: SeedOption = 0,
    preset: Annotated[
        SynthesisPreset, typer.Option(help="Which synthetic faces; on null there is nothing to learn.")
    ] = SynthesisPreset.DEFAULT,
    jobs: JobsOption = None,
) -> None:
    """See a whole experiment in minutes: synthetic faces, floors, a reduced network, the report.

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


@app.command("make-faces")
def make_faces_command(
    out: Annotated[
        Path, typer.Argument(help="New folder; gets a tree in CASME II's layout, everything in it says SYNTHETIC.")
    ],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities.")] = 26,
    clips: Annotated[int, typer.Option(min=1, help="Clips in all, classes as frequent as in CASME II.")] = 255,
    preset: Annotated[
        SynthesisPreset, typer.Option(help="easy: clear movements; hard: small ones under noise; null: none.")
    ] = SynthesisPreset.DEFAULT,
    seed: SeedOption = 0,
    raw: Annotated[
        bool, typer.Option("--raw", help="Also write uncropped 640x480 head frames in the raw layout.")
    ] = False,
    jobs: JobsOption = None,
) -> None:
    """Make synthetic micro-expressions with exact ground truth, in CASME II's layout."""
    from merlab.databases.synthetic import make_faces

    with progress_bar() as progress:
        make_faces(
            out, subjects=subjects, clips=clips, preset=preset.value, seed=seed, raw=raw, jobs=jobs, progress=progress
        )
    out_console.print(f"{clips} SYNTHETIC clips of {subjects} subjects lie in {escape(str(out))}", soft_wrap=True)


@app.command()
def doctor(database: DatabaseArgument, root: RootArgument, as_json: JsonOption = False) -> None:
    """Examine a copy of a database: what was expected, what was found, row by row where they differ, what to do.

    Every frame of every clip is decoded. Status 1 when clips are unusable.
    """
    from merlab.databases import find_database

    with progress_bar() as progress:
        examination = find_database(database).examine(root, True, progress)
    unusable = len(examination.of("unusable"))
    if as_json:
        content = {
            "database": database,
            "root": str(root),
            "facts": examination.facts,
            "usable_clips": len(examination.clips),
            "stamps": list(examination.clips.stamps),
            "findings": [vars(finding) for finding in examination.findings],
        }
        print_json(content)
    else:
        print_table(
            f"{database} at {root}", ["fact", "value"], [[key, value] for key, value in examination.facts.items()]
        )
        columns = ["severity", "where", "expected", "found", "what to do"]
        rows = [
            [finding.severity, finding.where, finding.expected, finding.found, finding.remedy]
            for finding in examination.findings
        ]
        if rows:
            print_table("Where they differ", columns, rows)
        stamp = f" [{', '.join(examination.clips.stamps)}]" if examination.clips.stamps else ""
        out_console.print(
            escape(f"{len(examination.clips)} usable clips, {unusable} faults that make a clip unusable{stamp}")
        )
    if unusable:
        raise typer.Exit(1)


@app.command()
def clips(
    database: DatabaseArgument,
    root: RootArgument,
    scheme: Annotated[str, typer.Option(help="Label scheme: casme2-5, casme2-5-merged, casme2-4, megc2019.")],
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    allow_unusable: Annotated[bool, typer.Option("--allow-unusable", help="Go on without unusable clips.")] = False,
) -> None:
    """The clip table with the labels of a scheme."""
    from merlab.databases import find_database
    from merlab.databases.base import load_clips
    from merlab.protocols import find_scheme, label_clips
    from merlab.storage import whole_file

    examination = load_clips(find_database(database), root, allow_unusable=allow_unusable)
    labelled = label_clips(examination.clips, find_scheme(scheme))
    columns = ["database", "subject", "clip", "onset", "apex", "offset", "action_units", "emotion", "label"]
    names = [labelled.scheme.classes[label] for label in labelled.labels]
    table = labelled.table.frame.rename(columns={"name": "clip"}).assign(label=names)[columns]
    if csv is not None:
        with whole_file(csv) as aside:
            table.to_csv(aside, index=False)
        out_console.print(f"{len(table)} clips written to {escape(str(csv))}", soft_wrap=True)
    else:
        print_table(f"{database}, scheme {scheme}", columns, table.astype("string").fillna("").to_numpy().tolist())
    stamps = f" [{', '.join(labelled.table.stamps)}]" if labelled.table.stamps else ""
    left_out = "".join(f"; left out: {count} {reason}" for reason, count in labelled.left_out.items())
    err_console.print(escape(f"{len(table)} clips{left_out}{stamps}"), soft_wrap=True)


@app.command("evaluate")
def evaluate_command(
    methods: Annotated[list[str], typer.Argument(help="Methods that `merlab methods` lists.", metavar="METHOD...")],
    database: Annotated[list[str], typer.Option(help="Database; repeat with --root for a union.")],
    root: Annotated[list[Path], typer.Option(help="The folder that holds it, one for each --database.")],
    scheme: Annotated[
        str, typer.Option(help="Label scheme: casme2-5, casme2-5-merged (the paper's), casme2-4, megc2019.")
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
    from merlab.reports.tables import console_table, verdict

    settings: dict[str, Any] = dict(_key_value(text) for text in setting or [])
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
        seeds=range(seeds),
        allow_unusable=allow_unusable,
    )
    folder = out or Path("-".join(["merlab-run", *database, scheme, protocol.value]))
    with progress_bar() as progress:
        metrics = evaluate(plan, folder, databases=sources, cache=cache, jobs=jobs, progress=progress)
        report = write_report(folder)
    out_console.print(console_table(metrics))
    out_console.print(escape(verdict(metrics)), soft_wrap=True)
    out_console.print(f"report: {escape(str(report))}", soft_wrap=True)


@app.command()
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


@app.command()
def profile(
    methods: Annotated[
        list[str] | None,
        typer.Argument(help="Networks; the six rows of the paper's Table 7 unless given.", metavar="[METHOD]..."),
    ] = None,
    size: Annotated[str, typer.Option(help="Input size, WIDTHxHEIGHT.")] = "231x282",
    channels: Annotated[int, typer.Option(min=1, help="Channels of one view; Table 7 was met at 3.")] = 3,
    classes: Annotated[int, typer.Option(min=2, help="Number of classes.")] = 5,
    preset: Annotated[str, typer.Option(help="Preset whose network is measured.")] = "paper",
    as_json: JsonOption = False,
) -> None:
    """Parameters, multiply-accumulates, and speed at batch 1 of networks, on this machine."""
    from merlab.evaluation.cost import hardware
    from merlab.evaluation.cost import profile as profile_method
    from merlab.inputs import parse_size
    from merlab.methods import find_method

    chosen = [find_method(name) for name in methods or PAPER_ROWS]
    costs = []
    with progress_bar() as progress:
        for position, method in enumerate(chosen):
            progress(position, len(chosen), method.name)
            costs.append(profile_method(method, preset, parse_size(size), classes=classes, channels=channels))
    if as_json:
        print_json([vars(cost) for cost in costs])
        return
    rows = [
        [cost.method, f"{cost.parameters / 1e6:.3f}", f"{cost.macs / 1e9:.3f}", f"{cost.ms:.1f}", f"{cost.fps:.1f}"]
        for cost in costs
    ]
    print_table(
        f"Batch 1, {channels} x {size}, {hardware()}", ["method", "parameters (M)", "MACs (G)", "ms", "frames/s"], rows
    )


@app.command()
def report(run: Annotated[Path, typer.Argument(help="Run folder that `merlab evaluate` left.", metavar="RUN")]) -> None:
    """Draw a run's report again, from its stored predictions alone."""
    from merlab.reports.html import write_report

    out_console.print(f"report: {escape(str(write_report(run)))}", soft_wrap=True)


@app.command("methods")
def methods_command(as_json: JsonOption = False) -> None:
    """Every method, with its paper, its presets and the input that it takes."""
    from merlab.methods import METHODS

    if as_json:
        keys = ("name", "title", "paper", "input", "view")
        print_json(
            [
                {key: getattr(method, key) for key in keys} | {"presets": list(method.presets)}
                for method in METHODS.values()
            ]
        )
        return
    rows = [[method.name, method.title, method.paper, ", ".join(method.presets)] for method in METHODS.values()]
    print_table("Methods", ["name", "what", "paper", "presets"], rows)


@app.command("databases")
def databases_command(as_json: JsonOption = False) -> None:
    """Every database that merlab reads, and how to obtain it."""
    from merlab.databases import DATABASES

    if as_json:
        print_json([{"name": entry.name, "title": entry.title, "access": entry.access} for entry in DATABASES.values()])
        return
    print_table(
        "Databases",
        ["name", "what", "how to obtain it"],
        [[entry.name, entry.title, entry.access] for entry in DATABASES.values()],
    )


@app.command("inputs")
def inputs_command() -> None:
    """Every input, with the options that its recipe may state (the first value is the default)."""
    from merlab.inputs import INPUTS

    rows = [
        [
            kind.name,
            kind.title,
            "\n".join(f"{key}={'|'.join(values)}" for key, values in kind.choices.items()),
            kind.size,
        ]
        for kind in INPUTS.values()
    ]
    print_table(
        "Inputs: name:key=value,... with size=WxH and regions=mask|mosaic",
        ["name", "what", "options", "default size"],
        rows,
    )


@results_app.command()
def save(
    run: Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN")],
    file: Annotated[Path, typer.Argument(help="The JSON file to write, e.g. docs/results/NAME.json.")],
    command: Annotated[str, typer.Option(help="The command that made the run, as a reader would type it.")],
) -> None:
    """Keep a run's summary (no per-clip data) where documents take their numbers from."""
    from merlab.reports.documents import store_result

    store_result(run, file, command)


@results_app.command()
def fill(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files with result blocks.", metavar="FILE...")],
    results: Annotated[Path, typer.Option(help="Folder of stored summaries.")] = Path("docs/results"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; status 1 when a document is out of date.")
    ] = False,
) -> None:
    """Put the tables of stored runs into documents."""
    from merlab.reports.documents import fill as fill_document

    stale = [document for document in documents if not fill_document(document, results, check)]
    if stale:
        raise MerlabError(f"out of date: {', '.join(map(str, stale))}; run the same command without --check")


def _key_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise MerlabError(f"--set takes KEY=VALUE, got {text!r}")
    return key, value

"""Commands about trained recognizers: train one, show the card of a file of weights, score it on a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import RECOGNIZERS, app
from merlab.cli.arguments import (
    AgainOption,
    AlignedOption,
    JobsOption,
    JsonOption,
    PathArgument,
    PathOption,
    SeedOption,
    TablesOption,
    load_databases,
)
from merlab.cli.console import out_console, print_frame, print_json
from merlab.errors import MerlabError
from merlab.spelling import as_typed
from merlab.stamps import STAMP_SEPARATOR

if TYPE_CHECKING:
    from merlab.clips import ClipTable
    from merlab.models.card import CardScore
    from merlab.models.recognizer import Recognizer

# Options that take folders of this machine, and the words that replace these in a card, which others read.
FOLDERS = {
    "--root": "ROOT",
    "--score-root": "SCORE_ROOT",
    "--table": "TABLE",
    "--cache": "CACHE",
    "--synthetic": "FLOW",
}


@app.command("pretrain", rich_help_panel=RECOGNIZERS)
def pretrain_command(
    out: Annotated[Path, PathArgument(help="The file to write, such as my-weights.safetensors.", metavar="OUT")],
    database: Annotated[
        list[str] | None,
        typer.Option(help="Train on this database instead of SYNTHETIC flow; can be repeated, with --root."),
    ] = None,
    root: Annotated[list[Path] | None, PathOption(help="The folder that holds it, one for each --database.")] = None,
    table: TablesOption = None,
    aligned: AlignedOption = False,
    synthetic: Annotated[
        Path | None,
        PathOption(help="A folder of `merlab make-flow`; with --database it is mixed into the batches."),
    ] = None,
    start: Annotated[
        list[Path] | None,
        PathOption(
            "--from",
            help="Start from the weights in this file, of `merlab pretrain` or of a published network; can be "
            "repeated: one file for each seed.",
        ),
    ] = None,
    score_on: Annotated[
        list[str] | None, typer.Option(help="Also score on this database; nothing is fitted on its labels.")
    ] = None,
    score_root: Annotated[list[Path] | None, PathOption(help="Its folder, one for each --score-on.")] = None,
    method: Annotated[str, typer.Option(help="A network that `merlab methods` lists.")] = "flow-cnn",
    preset: Annotated[
        str | None,
        typer.Option(
            help="Its settings; unless given: synthetic, with --database and --from pretrained, where it has it."
        ),
    ] = None,
    scheme: Annotated[
        str, typer.Option(help="Label scheme, which gives the classes; or SCHEME.yaml with --database.")
    ] = "megc2019",
    input_recipe: Annotated[
        str | None, typer.Option("--input", help="Input recipe; unless given, the preset's own.")
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, help="Networks that the recognizer averages, each trained with its own seed.")
    ] = 1,
    subjects: Annotated[
        int | None,
        typer.Option(
            min=6, help="Without --database and --synthetic: SYNTHETIC identities to make; unless given, 152."
        ),
    ] = None,
    clips: Annotated[int | None, typer.Option(min=1, help="Clips of each; unless given, 20.")] = None,
    seed: SeedOption = 0,
    seeds: Annotated[
        int, typer.Option(min=1, help="Recognizers to train, for a score with its spread; the first is kept.")
    ] = 5,
    cache: Annotated[Path | None, PathOption(help="Where inputs are cached.")] = None,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Train a recognizer that is kept as one file, calibrated and scored on unseen subjects.

    Without --database it is trained on SYNTHETIC flow only, which is made first unless --synthetic gives it. The same
    command resumes interrupted training.
    """
    from merlab.models.pretraining import pretrain, work_folder

    names, scored = database or [], score_on or []
    if aligned and not names:
        raise MerlabError("--aligned describes the --database; add --database and --root, or leave it out")
    if table and not (names or scored):
        raise MerlabError("--table is the coding table of a database; add --database and --root, or leave it out")
    own = load_databases(names, root or [], _tables_among(table, names, scored), aligned=aligned)
    scores = ("--score-on", "--score-root")
    others = load_databases(scored, score_root or [], _tables_among(table, scored, names), options=scores)
    if len(set(scored)) < len(others):
        raise MerlabError("--score-on names a database twice; give each once")
    recognizer = pretrain(
        out,
        own or None,
        synthetic=synthetic,
        start=start,
        score_on=dict(zip(scored, others, strict=True)),
        method=method,
        preset=preset,
        scheme=scheme,
        input=input_recipe,
        members=members,
        subjects=subjects,
        clips_per_subject=clips,
        seed=seed,
        seeds=seeds,
        cache=cache,
        again=again,
        jobs=jobs,
        command=_typed(),
    )
    _show(recognizer)
    work = work_folder(out)
    out_console.print(escape(f"written: {out}; intermediate files are in {work}, which can be removed"), soft_wrap=True)


@app.command("weights", rich_help_panel=RECOGNIZERS)
def weights_command(
    file: Annotated[
        Path | None,
        PathArgument(help="A file of `merlab pretrain`; unless given, the one that ships with merlab.", metavar="FILE"),
    ] = None,
    score_on: Annotated[
        list[str] | None,
        typer.Option(help="Score the file on this database, which it was not trained on; can be repeated."),
    ] = None,
    score_root: Annotated[list[Path] | None, PathOption(help="Its folder, one for each --score-on.")] = None,
    table: TablesOption = None,
    aligned: AlignedOption = False,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="With --score-on: label scheme, or SCHEME.yaml, with the file's classes; unless given, its own."
        ),
    ] = None,
    cache: Annotated[Path | None, PathOption(help="With --score-on: where inputs are cached.")] = None,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the card of a file of weights, or score the file on a database.

    The card states what it was trained on, its calibration, and its scores on unseen subjects. The file is checked: a
    damaged one is refused. With --score-on, nothing is fitted on labels; a recipe with crop=corrected fits the crop of
    each database on the scored clips, without labels.
    """
    from merlab.evaluation.study import as_table
    from merlab.models.recognizer import load_recognizer
    from merlab.models.scoring import score_on as weights_score

    recognizer = load_recognizer(file)
    if score_on or score_root:
        options = ("--score-on", "--score-root")
        loaded = load_databases(score_on or [], score_root or [], table, aligned=aligned, options=options)
        clips = as_table(loaded)
        _show_score(recognizer, clips, weights_score(clips, recognizer, scheme=scheme, cache=cache, jobs=jobs), as_json)
        return
    given = {"--table": table, "--aligned": aligned, "--scheme": scheme, "--cache": cache, "--jobs": jobs}
    for option, value in given.items():
        if value:
            raise MerlabError(f"{option} belongs to a database; add --score-on and --score-root, or leave it out")
    if as_json:
        checked = {"sha256": recognizer.digest, "verified": recognizer.verified}
        print_json({**checked, **recognizer.card.model_dump(mode="json")})
        return
    _show(recognizer)


def _show_score(recognizer: Recognizer, clips: ClipTable, score: CardScore, as_json: bool) -> None:
    from merlab.reports.model_card import score_facts, score_table

    stamps = list(dict.fromkeys([*recognizer.card.stamps, *clips.stamps]))
    if as_json:
        print_json({**score_facts(score), "stamps": stamps, "sha256": recognizer.digest})
        return
    title = STAMP_SEPARATOR.join([f"{recognizer.card.name} on {score.what}", *stamps])
    print_frame(title, score_table(score))
    if score.crop:
        out_console.print(f"crop {score.crop}", soft_wrap=True)


def _show(recognizer: Recognizer) -> None:
    from merlab.reports.model_card import card_facts, card_scores

    # The columns that fit an ordinary terminal; documents and --json have the rest.
    scores = card_scores(recognizer.card).drop(columns=["accuracy", "seeds"], errors="ignore")
    title = STAMP_SEPARATOR.join([recognizer.card.name, *recognizer.card.stamps])
    print_frame(title, card_facts(recognizer))
    for (of, clips), table in scores.groupby(["clips of", "clips"], sort=False) if len(scores) else ():
        print_frame(f"Scores on unseen subjects: {of}, {clips} clips", table.drop(columns=["clips of", "clips"]))
    out_console.print(
        "Checked: tensors and card are those that were written; their digest matches."
        if recognizer.verified
        else "Not checked: this file is older than digests of tensors and card; its tensors have the right names, "
        "shapes and types, and finite values.",
        soft_wrap=True,
    )


def _tables_among(tables: list[str] | None, names: list[str], others: list[str]) -> list[str]:
    """The values of ``--table`` for these databases, and not those that name one of ``others``.

    Raises MerlabError for a file without the name of its database if there are ``others``, too.
    """
    named = tuple(f"{name}=" for name in (*names, *others))
    for text in tables or []:
        if names and others and not text.startswith(named):
            raise MerlabError(f"--table {text}: of which database? write --table {names[0]}=FILE")
    named_others = tuple(f"{name}=" for name in set(others) - set(names))
    return [text for text in tables or [] if names and not text.startswith(named_others)]


def _typed() -> str:
    """The command as it was typed, with each folder of this machine replaced by the name of its option."""
    words = []
    folder = ""
    for word in sys.argv[1:]:
        option, equals, _ = word.partition("=")
        if folder:
            words.append(folder)
        elif option in FOLDERS and equals:
            words.append(f"{option}={FOLDERS[option]}")
        else:
            words.append(Path(word).name if word.endswith(".safetensors") else word)
        folder = "" if folder or equals else FOLDERS.get(option, "")
    return as_typed("merlab", *words)

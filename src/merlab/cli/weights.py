"""Commands about trained recognizers: train one, show the card of a file of weights."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import (
    AgainOption,
    AlignedOption,
    JobsOption,
    JsonOption,
    SeedOption,
    TablesOption,
    load_databases,
)
from merlab.cli.console import out_console, print_json, print_table
from merlab.errors import MerlabError

if TYPE_CHECKING:
    from merlab.models.recognizer import Recognizer

# Options that take folders of this machine, and the words that replace these in a card, which others read.
FOLDERS = {"--root": "ROOT", "--score-root": "SCORE_ROOT", "--table": "TABLE", "--cache": "CACHE"}


@app.command("pretrain", rich_help_panel=VIDEOS)
def pretrain_command(
    out: Annotated[Path, typer.Argument(help="The file to write, such as my-weights.safetensors.")],
    database: Annotated[
        list[str] | None,
        typer.Option(help="Train on this database instead of SYNTHETIC faces; can be repeated, with --root."),
    ] = None,
    root: Annotated[list[Path] | None, typer.Option(help="The folder that holds it, one for each --database.")] = None,
    table: TablesOption = None,
    aligned: AlignedOption = False,
    score_on: Annotated[
        list[str] | None, typer.Option(help="Also score on this database; nothing is fitted on it.")
    ] = None,
    score_root: Annotated[list[Path] | None, typer.Option(help="Its folder, one for each --score-on.")] = None,
    method: Annotated[str, typer.Option(help="A network that `merlab methods` lists.")] = "dbfem-caffm",
    preset: Annotated[str, typer.Option(help="Its training settings.")] = "flow28",
    scheme: Annotated[
        str, typer.Option(help="Label scheme, which gives the classes; or SCHEME.yaml with --database.")
    ] = "megc2019",
    input_recipe: Annotated[
        str | None, typer.Option("--input", help="Input recipe; unless given, the preset's own.")
    ] = None,
    subjects: Annotated[int, typer.Option(min=6, help="SYNTHETIC identities to generate.")] = 240,
    clips: Annotated[int, typer.Option(min=1, help="Clips of each.")] = 9,
    seed: SeedOption = 0,
    seeds: Annotated[
        int, typer.Option(min=1, help="Networks to train, for a score with its spread; the first is kept.")
    ] = 5,
    cache: Annotated[Path | None, typer.Option(help="Where inputs are cached.")] = None,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Train a recognizer that is kept as one file, calibrated and scored on unseen subjects.

    Without --database it is trained on SYNTHETIC faces only, which are generated first. The same command resumes
    interrupted training.
    """
    from merlab.models.pretraining import pretrain, work_folder

    names, scored = database or [], score_on or []
    if aligned and not names:
        raise MerlabError("--aligned describes the --database; add --database and --root, or leave it out")
    if table and not (names or scored):
        raise MerlabError("--table is the coding table of a database; add --database and --root, or leave it out")
    own = load_databases(names, root or [], _tables_among(table, names, scored), aligned=aligned)
    others = load_databases(
        scored,
        score_root or [],
        _tables_among(table, scored, names),
        aligned=aligned,
        options=("--score-on", "--score-root"),
    )
    if len(set(scored)) < len(others):
        raise MerlabError("--score-on names a database twice; give each once")
    recognizer = pretrain(
        out,
        own or None,
        score_on=dict(zip(scored, others, strict=True)),
        method=method,
        preset=preset,
        scheme=scheme,
        input=input_recipe,
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


@app.command("weights", rich_help_panel=VIDEOS)
def weights_command(
    file: Annotated[
        Path | None,
        typer.Argument(help="A file of `merlab pretrain`; unless given, the one that ships with merlab."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the card of a file of weights: what it was trained on, its calibration, its scores on unseen subjects.

    The file is checked: a damaged one is refused.
    """
    from merlab.models.recognizer import load_recognizer

    recognizer = load_recognizer(file)
    if as_json:
        checked = {"sha256": recognizer.digest, "verified": recognizer.verified}
        print_json({**checked, **recognizer.card.model_dump(mode="json")})
        return
    _show(recognizer)


def _show(recognizer: Recognizer) -> None:
    from merlab.reports.model_card import card_facts, card_scores

    facts = card_facts(recognizer)
    # The columns that fit an ordinary terminal; documents and --json have the rest.
    scores = card_scores(recognizer.card).drop(columns=["accuracy", "seeds"], errors="ignore")
    title = " · ".join([recognizer.card.name, *recognizer.card.stamps])
    print_table(title, list(facts.columns), facts.to_numpy().tolist())
    if len(scores):
        print_table("Scores on unseen subjects", list(scores.columns), scores.to_numpy().tolist())
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
    return shlex.join(["merlab", *words])

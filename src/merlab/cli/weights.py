"""Commands about trained recognizers: train one to keep, look at what a file of weights is."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import JobsOption, JsonOption, SeedOption
from merlab.cli.console import out_console, print_json, print_table
from merlab.errors import MerlabError
from merlab.progress import shown_progress

if TYPE_CHECKING:
    from merlab.clips import ClipTable
    from merlab.models.recognizer import Recognizer

# Options that name folders of this machine, and what stands for them in a card, which others read.
FOLDERS = {"--root": "ROOT", "--score-root": "SCORE_ROOT", "--cache": "CACHE"}


@app.command("pretrain", rich_help_panel=VIDEOS)
def pretrain_command(
    out: Annotated[Path, typer.Argument(help="The file to write, such as my-weights.safetensors.")],
    database: Annotated[
        list[str] | None,
        typer.Option(help="Train on a database of your own instead of SYNTHETIC faces; repeat with --root."),
    ] = None,
    root: Annotated[list[Path] | None, typer.Option(help="The folder that holds it, one for each --database.")] = None,
    score_on: Annotated[
        list[str] | None, typer.Option(help="A database to score on besides; nothing is fitted on it.")
    ] = None,
    score_root: Annotated[list[Path] | None, typer.Option(help="Its folder, one for each --score-on.")] = None,
    method: Annotated[str, typer.Option(help="A network that `merlab methods` lists.")] = "dbfem-caffm",
    preset: Annotated[str, typer.Option(help="Its training settings.")] = "flow28",
    scheme: Annotated[str, typer.Option(help="Label scheme: the classes.")] = "megc2019",
    input_recipe: Annotated[
        str | None, typer.Option("--input", help="Input recipe; the preset's own unless given.")
    ] = None,
    subjects: Annotated[int, typer.Option(min=6, help="SYNTHETIC identities to draw.")] = 240,
    clips: Annotated[int, typer.Option(min=1, help="Clips of each.")] = 9,
    seed: SeedOption = 0,
    seeds: Annotated[
        int, typer.Option(min=1, help="Networks to train, for a score with its spread; the first is kept.")
    ] = 5,
    cache: Annotated[Path | None, typer.Option(help="Where inputs are cached.")] = None,
    jobs: JobsOption = None,
) -> None:
    """Train a recognizer to keep, calibrated and scored on subjects that it has not seen.

    Without --database it is trained wholly on SYNTHETIC faces, drawn on the way. Stopped at any moment, the same
    command goes on.
    """
    from merlab.clips import ClipTable
    from merlab.models.pretraining import Course, pretrain, work_folder
    from merlab.models.synthetic_clips import Drawing

    course = Course(out.stem, method, preset, scheme, input_recipe, seed, seeds)
    own = _tables(database, root, "--database", "--root")
    scored = _tables(score_on, score_root, "--score-on", "--score-root")
    drawing = Drawing(scheme, course.full_recipe(), subjects, clips, seed=seed)
    with shown_progress() as progress:
        recognizer = pretrain(
            course,
            out,
            own=ClipTable.joined(own.values()) if own else None,
            drawing=drawing,
            score_on=scored,
            cache=cache,
            jobs=jobs,
            command=_typed(),
            progress=progress,
        )
    _show(recognizer)
    told = f"written: {out}; what it was made from lies in {work_folder(out)}, which can be removed"
    out_console.print(escape(told), soft_wrap=True)


@app.command("weights", rich_help_panel=VIDEOS)
def weights_command(
    file: Annotated[
        Path | None, typer.Argument(help="A file of `merlab pretrain`; the one that ships unless given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a file of weights is: what it was trained on, how it was calibrated, how well it does on the unseen."""
    from merlab.models.recognizer import load_recognizer

    recognizer = load_recognizer(file)
    if as_json:
        print_json({"sha256": recognizer.digest, **recognizer.card.model_dump(mode="json")})
        return
    _show(recognizer)


def _show(recognizer: Recognizer) -> None:
    from merlab.reports.model_card import card_facts, card_scores

    facts = card_facts(recognizer)
    # What an ordinary terminal has room for; documents and --json have the rest.
    scores = card_scores(recognizer.card).drop(columns=["accuracy", "seeds"])
    title = " · ".join([recognizer.card.name, *recognizer.card.stamps])
    print_table(title, list(facts.columns), facts.to_numpy().tolist())
    print_table("Scores on subjects that it has not seen", list(scores.columns), scores.to_numpy().tolist())


def _tables(names: list[str] | None, roots: list[Path] | None, option: str, root_option: str) -> dict[str, ClipTable]:
    """The clips of each database by its name."""
    from merlab.databases import load

    names, roots = names or [], roots or []
    if len(names) != len(roots):
        raise MerlabError(f"give one {root_option} for each {option}; got {len(names)} and {len(roots)}")
    return {name: load(name, root) for name, root in zip(names, roots, strict=True)}


def _typed() -> str:
    """The command as typed, each folder of this machine replaced by its option's name."""
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

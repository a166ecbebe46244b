"""Commands about the decisions of coders: export them, import them, compare coders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import JsonOption, PathArgument, PathOption
from merlab.cli.console import err_console, out_console, print_frame, print_json, print_note
from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.stamps import in_brackets

if TYPE_CHECKING:
    from merlab.coding.tables import Subjects

coding_app = typer.Typer(
    help="Decisions of coders about the movements of a video (coding.csv), to and from other programs.",
    no_args_is_help=True,
)
app.add_typer(coding_app, name="coding", rich_help_panel=VIDEOS)


@coding_app.command("export")
def export_command(
    results: Annotated[
        list[Path], PathArgument(help="Results of `merlab recognize` or `merlab spot`.", metavar="RESULT")
    ],
    out: Annotated[Path, PathArgument(help="The new file: .csv, .eaf, or .xlsx for BORIS.", metavar="OUT")],
    to: Annotated[
        Literal["csv", "elan", "boris"] | None,
        typer.Option(help="Unless given, elan for .eaf, boris for .xlsx, else csv."),
    ] = None,
    coder: Annotated[
        str | None, typer.Option(help="Initials of one coder; needed where several have coded, except for ELAN.")
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Who the face is, for training: NAME, or FACE=NAME for each face; else the video's name."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace a file that is there.")] = False,
) -> None:
    """Write coded events to a file: what a coder accepted, moved or added.

    csv: one row per event, also a table of clips (`--database table --root OUT`) and of true events (`merlab
    score-spotting OUT ...`). elan: tiers of the machine and of each coder. boris: tabular events (.csv), or a
    spreadsheet that BORIS imports into an open observation (.xlsx).
    """
    from merlab.coding.exporting import export_coding

    for note in export_coding(results, out, to=to, coder=coder, subjects=_subjects(subject or []), again=again):
        print_note(note, err_console)
    out_console.print(f"written to {escape(str(out))}", soft_wrap=True)


def _subjects(texts: Sequence[str]) -> Subjects:
    """Who the faces are, from ``NAME`` or ``FACE=NAME``; raises MerlabError for two names of one face, or of all."""
    from merlab.coding.tables import Subjects

    names: dict[int | None, str] = {}
    for text in texts:
        found = re.fullmatch(r"(\d+)=(.+)", text, re.ASCII)
        face, name = (int(found[1]), found[2]) if found else (None, text)
        if names.setdefault(face, name) != name:
            two = f"{'two names' if face is None else f'face {face} two names'}, {names[face]} and {name}"
            raise MerlabError(f"--subject gives {two}; write --subject FACE=NAME for each face")
    everyone = names.pop(None, "")
    return Subjects(everyone, {face: name for face, name in names.items() if face is not None})


@coding_app.command("import")
def import_command(
    result: Annotated[Path, PathArgument(help="Result of `merlab recognize` or `merlab spot`.", metavar="RESULT")],
    file: Annotated[
        Path, PathArgument(help="An .eaf file, a coding.csv, or a table with onset and offset.", metavar="FILE")
    ],
    coder: Annotated[
        str | None,
        typer.Option(help="Initials for the decisions; unless given, those in FILE. ELAN: whose tiers to read."),
    ] = None,
    tier: Annotated[list[str] | None, typer.Option(help="ELAN: a tier with movements; may be repeated.")] = None,
    media: Annotated[str | None, typer.Option(help="ELAN: the linked file that shows the video.")] = None,
    face: Annotated[int | None, typer.Option(min=0, help="The face of tiers or rows that name none.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace decisions of the same coder that FILE lacks or has otherwise.")
    ] = False,
) -> None:
    """Put decisions from a file into coding.csv of a result; those of other coders stay."""
    from merlab.coding.elan_import import ElanChoice
    from merlab.coding.events import named_coders
    from merlab.coding.importing import import_coding

    choice = ElanChoice(tuple(tier or ()), media, face)
    report = import_coding(result, file, coder=coder, choice=choice, again=again)
    for note in report.notes:
        print_note(note, err_console)
    if "" in report.coders:
        print_note("the coder has no initials; --coder states them, and is needed where several code", err_console)
    decided = f"{counted(report.decisions, 'decision')} of {named_coders(report.coders)}"
    out_console.print(escape(f"{decided}, {report.changed} of them new or changed"), soft_wrap=True)


@app.command("agree", rich_help_panel=VIDEOS)
def agree_command(
    sources: Annotated[
        list[Path],
        PathArgument(help="Results with coding.csv, tables of coded events, .eaf files.", metavar="SOURCE"),
    ],
    fps: Annotated[
        float | None, typer.Option(help="Frames per second, for .eaf files of videos without a result.")
    ] = None,
    page: Annotated[Path | None, PathOption(help="Also write an HTML page.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare coders: matched events, Cohen's kappa, Krippendorff's alpha, FACS ratio, differences of boundaries."""
    from merlab.coding.agreement.agree import agree
    from merlab.coding.agreement.tables import boundary_table, pair_heading, pair_table, together_table
    from merlab.storage import require_writable

    if page:
        require_writable(page, (file for source in sources for file in (source, *source.glob("*"))))
    agreement = agree(*sources, fps=fps)
    scores = agreement.scores
    if page:
        agreement.write_page(page)
    if as_json:
        print_json(scores.model_dump(mode="json"))
        return
    for pair in scores.pairs:
        for title, table in ((pair_heading(pair), pair_table(pair)), ("second minus first", boundary_table(pair))):
            if len(table):
                print_frame(f"{title}{in_brackets(scores.stamps)}", table)
    if len(scores.coders) > 2:
        print_frame(f"all coders together{in_brackets(scores.stamps)}", together_table(scores))
    for note in scores.notes:
        print_note(note, err_console)

"""Commands about databases: examine one, list its long videos, list its clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import DATA, app
from merlab.cli.arguments import (
    AlignedOption,
    DatabaseArgument,
    JsonOption,
    PathArgument,
    PathOption,
    RootArgument,
    SchemeOption,
    TableOption,
)
from merlab.cli.console import err_console, out_console, print_json, print_table, print_warning
from merlab.errors import MerlabError
from merlab.progress import shown_progress
from merlab.schemes import AS_LABELED, as_scheme
from merlab.spelling import counted
from merlab.stamps import in_brackets

if TYPE_CHECKING:
    from merlab.databases import Examination


@app.command(rich_help_panel=DATA)
def doctor(
    database: DatabaseArgument,
    root: RootArgument,
    table: TableOption = None,
    aligned: AlignedOption = False,
    table_only: Annotated[
        bool, typer.Option("--table-only", help="Read the coding table alone; no frames are needed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Examine a copy of a database: what was expected, what was found, row by row where they differ, what to do.

    Every frame of every clip is decoded. Status 1 when clips are unusable. With --table-only, ROOT may be the file of
    the coding table, and the report has the counts of each kind of movement.
    """
    from merlab.clips.whole_heads import whole_heads_stamp
    from merlab.databases import examine_copy, examine_table, find_database

    with shown_progress() as progress:
        chosen = find_database(database, table=table)
        if table_only:
            examination = examine_table(chosen, root)
        else:
            examination = examine_copy(chosen, root, True, progress, aligned=True if aligned else None)
    unusable = len(examination.of("unusable"))
    heads = any(clip.aligned is False for clip in examination.clips)
    stamps = [*examination.clips.stamps, *([whole_heads_stamp(database)] if heads else [])]
    if as_json:
        content = {
            "database": database,
            "root": str(root),
            "facts": examination.facts,
            "usable_clips": len(examination.clips),
            "stamps": stamps,
            "findings": [vars(finding) for finding in examination.findings],
        }
        print_json(content)
    else:
        _print_examination(f"{database} at {root}", examination)
        if heads:
            out_console.print(escape(f"whole heads: {chosen.heads_remedy(root)}"), soft_wrap=True)
        clips_found = "" if table_only else f"{counted(len(examination.clips), 'usable clip')}, "
        summary = f"{clips_found}{counted(unusable, 'fault')} of severity unusable{in_brackets(stamps, ', ')}"
        out_console.print(escape(summary))
    if unusable:
        raise typer.Exit(1)


def _print_examination(title: str, examination: Examination) -> None:
    print_table(title, ["fact", "value"], list(map(list, examination.facts.items())))
    columns = ["severity", "where", "expected", "found", "what to do"]
    rows = [
        [finding.severity, finding.where, finding.expected, finding.found, finding.remedy]
        for finding in examination.findings
    ]
    if rows:
        print_table("Where they differ", columns, rows)


@app.command("long-videos", rich_help_panel=DATA)
def long_videos_command(
    database: Annotated[
        str, typer.Argument(help="A database of long videos, such as casme-squared or samm-long.", metavar="DATABASE")
    ],
    root: RootArgument,
    out: Annotated[Path, PathArgument(help="Folder that gets truth.csv and videos.csv.", metavar="OUT")],
    table: TableOption = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Leave unusable videos and movements out.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Replace other tables in the folder.")] = False,
) -> None:
    """List the long videos of a database and all their movements, for `merlab spot` and `merlab score-spotting`.

    truth.csv has one row per movement (video, subject, onset, apex, offset, kind: micro or macro, emotion,
    action_units, fps, note); videos.csv has one row per video, also of those without any movement (video, subject,
    frames, fps, seconds, source). What differs from the published database is printed on standard error.
    """
    from merlab.databases import long_videos
    from merlab.storage import require_writable, write_text

    require_writable(out / "truth.csv")
    read = long_videos(database, root, table=table, allow_unusable=allow_unusable)
    # From any folder, the same files are found.
    lengths = read.lengths().assign(source=[str(video.source.absolute()) for video in read.videos])
    tables = {out / "truth.csv": read.truth(), out / "videos.csv": lengths}
    texts = {path: table.to_csv(index=False, lineterminator="\n") for path, table in tables.items()}
    for path, text in texts.items():
        if path.exists() and not again and path.read_bytes() != text.encode():
            raise MerlabError(f"{path} exists with other content; --again replaces it")
    for path, text in texts.items():
        write_text(path, text)
    for each in read.findings:
        told = f"{each.severity}: {each.where}: expected {each.expected}, found {each.found}; {each.remedy}"
        err_console.print(escape(told), soft_wrap=True)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(read.kinds.items())) or "no movements"
    stamps = in_brackets(read.stamps, ", ")
    out_console.print(
        escape(f"{counted(len(read.videos), 'video')}, {kinds}, written to {out}{stamps}"), soft_wrap=True
    )


@app.command(rich_help_panel=DATA)
def clips(
    database: DatabaseArgument,
    root: RootArgument,
    table: TableOption = None,
    aligned: AlignedOption = False,
    scheme: SchemeOption = AS_LABELED,
    csv: Annotated[Path | None, PathOption(help="Write the table, with all columns, to this file.")] = None,
    allow_unusable: Annotated[bool, typer.Option("--allow-unusable", help="Leave unusable clips out.")] = False,
) -> None:
    """The clip table with the classes of a scheme; a warning says where there are fewer than two."""
    from merlab.databases import load
    from merlab.protocols import covered_clips
    from merlab.storage import require_writable, write_csv

    if csv is not None:
        # Before a database is read, which takes minutes for a large one.
        require_writable(csv, [Path(scheme)])
    stated = True if aligned else None
    loaded = load(database, root, table=table, aligned=stated, allow_unusable=allow_unusable)
    if csv is not None:
        require_writable(csv, (file for source in loaded.sources for file in source.tables))
    labeled = covered_clips(loaded, as_scheme(scheme))
    columns = ["database", "subject", "clip", "onset", "apex", "offset", "action_units", "emotion", "class"]
    columns += ["objective_class", "aligned"]
    names = [labeled.scheme.classes[label] for label in labeled.labels]
    rows = labeled.table.frame.rename(columns={"name": "clip"}).assign(**{"class": names})[columns]
    if csv is not None:
        write_csv(csv, rows)
        out_console.print(f"{counted(len(rows), 'clip')} written to {escape(str(csv))}", soft_wrap=True)
    else:
        # What the scheme reads and where the movement is: more columns would not fit a terminal.
        shown = ["subject", "clip", "onset", "apex", "offset", "action_units", labeled.scheme.column, "class"]
        if rows["database"].nunique() > 1:
            shown.insert(0, "database")
        cells = rows[shown].astype("string").fillna("").to_numpy().tolist()
        print_table(f"{database}, scheme {scheme}", [name.replace("_", " ") for name in shown], cells)
    stamps = in_brackets(labeled.table.stamps, ", ")
    left_out = "".join(f"; left out: {count} {reason}" for reason, count in labeled.left_out.items())
    err_console.print(escape(f"{counted(len(rows), 'clip')}{left_out}{stamps}"), soft_wrap=True)
    if len(labeled.present_classes) < 2:
        print_warning("they have fewer than two classes of the scheme, so they cannot be evaluated with it")

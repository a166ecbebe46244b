"""Commands that turn a camera's frames into aligned faces: prepare, align."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import DATA, app
from merlab.cli.arguments import JobsOption, RootArgument
from merlab.cli.console import err_console, out_console, print_table
from merlab.errors import MerlabError
from merlab.progress import shown_progress
from merlab.vocabulary import DetectorName, HeadMotion, ImageFormat

if TYPE_CHECKING:
    from merlab.preparation.own_material import Part
    from merlab.preparation.settings import Settings

DetectorOption = Annotated[DetectorName, typer.Option(help="opencv-ssd is the paper's; it needs the two files below.")]
ModelOption = Annotated[
    Path | None, typer.Option("--detector-model", help="opencv-ssd: the .pb that OpenCV publishes.")
]
ConfigOption = Annotated[Path | None, typer.Option("--detector-config", help="opencv-ssd: its .pbtxt.")]
MotionOption = Annotated[
    HeadMotion,
    typer.Option(
        help="onset: one transform a clip; rigid: the head's movement since the onset is taken out; "
        "landmarks: every frame by its own landmarks, which jitter."
    ),
]
ImageOption = Annotated[ImageFormat, typer.Option(help="jpg: quality 95; png: without loss, five times as large.")]


@app.command("prepare", rich_help_panel=DATA)
def prepare_command(
    database: Annotated[
        str, typer.Argument(help="A database that comes as whole heads: casme2, smic, samm, casme, synthetic.")
    ],
    root: RootArgument,
    out: Annotated[Path, typer.Argument(help="New folder, or one that the same command began.", metavar="OUT")],
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    motion: MotionOption = "onset",
    image: ImageOption = "jpg",
    jobs: JobsOption = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Status 0 although clips could not be prepared.")
    ] = False,
) -> None:
    """Align a database's raw frames into its cropped layout: 231x282, with contact sheets and a manifest.

    doctor, clips and evaluate read OUT as they read ROOT. Clips that cannot be prepared are named; status 1 then.
    """
    from merlab.databases import find_database
    from merlab.preparation.database_faces import SHEETS, prepare
    from merlab.preparation.record import MANIFEST

    settings = _settings(detector, model, config, motion, image)
    with shown_progress() as progress:
        done = prepare(find_database(database), root, out, settings, jobs=jobs, progress=progress)
    rows = [[fault.where, fault.expected, fault.found, fault.remedy] for fault in done.faults]
    if rows:
        print_table("Not prepared", ["where", "expected", "found", "what to do"], rows)
    for warning, count in Counter(text for texts in done.warnings.values() for text in texts).most_common(10):
        err_console.print(f"[yellow]warning:[/] {escape(warning)} ({count} clips)", soft_wrap=True)
    stamps = f" [{', '.join(done.stamps)}]" if done.stamps else ""
    told = f"{len(done.clips)} clips prepared in {out}, {len(rows)} faults{stamps}; {MANIFEST} and {SHEETS} say how"
    out_console.print(escape(told), soft_wrap=True)
    if rows and not allow_unusable:
        raise typer.Exit(1)


def _settings(
    detector: DetectorName, model: Path | None, config: Path | None, motion: HeadMotion, image: ImageFormat
) -> Settings:
    from merlab.faces.alignment import FaceFinding
    from merlab.preparation.settings import Settings

    return Settings(FaceFinding(detector, model, config), motion, image)


@app.command("align", rich_help_panel=DATA)
def align_command(
    source: Annotated[
        Path, typer.Argument(help="A video, or a folder of images numbered in their names.", metavar="VIDEO_OR_FOLDER")
    ],
    out: Annotated[Path, typer.Argument(help="New folder, or one that the same command began.", metavar="OUT")],
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the container is silent or wrong.")] = None,
    frames: Annotated[str | None, typer.Option(help="Only frames A:B, both included; A: goes on to the end.")] = None,
    start: Annotated[float | None, typer.Option(min=0, help="Only from this second on.")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="Only before this second.")] = None,
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    motion: MotionOption = "onset",
    image: ImageOption = "jpg",
    video: Annotated[bool, typer.Option("--video", help="Also write aligned.mp4, to look at.")] = False,
) -> None:
    """Align a video or a folder of images of your own: 231x282 faces, a contact sheet, and what to know about them."""
    from merlab.preparation.own_material import FRAMES, SHEET, align

    settings, part = _settings(detector, model, config, motion, image), _part(frames, start, end)
    with shown_progress() as progress:
        record = align(source, out, settings, part=part, fps=fps, video=video, progress=progress)
    for warning in record["warnings"]:
        err_console.print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    first, last = record["frames"]
    stamps = f" [{', '.join(record['stamps'])}]" if record["stamps"] else ""
    told = f"frames {first}..{last} of {source.name} aligned in {out / FRAMES}{stamps}; look at {out / SHEET}"
    out_console.print(escape(told), soft_wrap=True)


def _part(frames: str | None, start: float | None, end: float | None) -> Part:
    from merlab.preparation.own_material import Part

    if frames is None:
        return Part(start=start, end=end)
    match = re.fullmatch(r"(\d*):(\d*)", frames)
    if not match or start is not None or end is not None:
        raise MerlabError("give the part as --frames A:B, two frame numbers, or as --start and --end in seconds")
    first, last = (int(text) if text else None for text in match.groups())
    return Part(first, last)

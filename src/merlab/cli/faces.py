"""Commands that turn camera frames into aligned faces: prepare, align."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import DATA, VIDEOS, app
from merlab.cli.arguments import AgainOption, JobsOption, PathArgument, PathOption, TableOption
from merlab.cli.console import err_console, out_console, print_table, print_warning
from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.stamps import in_brackets
from merlab.vocabulary import DetectorName, HeadMotion, ImageFormat, LandmarkSource

if TYPE_CHECKING:
    from merlab.faces.alignment import FaceFinding
    from merlab.preparation.frame_range import FrameRange

DetectorOption = Annotated[DetectorName, typer.Option(help="opencv-ssd is the paper's; it needs the two files below.")]
ModelOption = Annotated[Path | None, PathOption("--detector-model", help="opencv-ssd: the .pb that OpenCV publishes.")]
ConfigOption = Annotated[Path | None, PathOption("--detector-config", help="opencv-ssd: its .pbtxt.")]
LandmarksOption = Annotated[
    LandmarkSource,
    typer.Option(
        help="mesh: the face mesh, which `merlab models get` fetches once; five-points: nothing to fetch, but faces "
        "may be tilted by up to 3 degrees, and every result is stamped FIVE POINTS."
    ),
]
MotionOption = Annotated[
    HeadMotion,
    typer.Option(
        help="onset: one transform per clip; rigid: the movement of the head since the onset is removed; "
        "landmarks: every frame by its own landmarks, which jitter."
    ),
]
ImageOption = Annotated[ImageFormat, typer.Option(help="jpg: quality 95; png: lossless, five times as large.")]


@app.command("prepare", rich_help_panel=DATA)
def prepare_command(
    database: Annotated[str, typer.Argument(help="A database of whole heads, e.g. casme2.", metavar="DATABASE")],
    root: Annotated[Path, PathArgument(help="The folder of the database.", metavar="ROOT")],
    out: Annotated[Path, PathArgument(help="New folder, or one that the same command began.", metavar="OUT")],
    table: TableOption = None,
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    landmarks: LandmarksOption = "mesh",
    motion: MotionOption = "onset",
    image: ImageOption = "jpg",
    again: AgainOption = False,
    jobs: JobsOption = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Exit with status 0 even if clips could not be prepared.")
    ] = False,
) -> None:
    """Align a database's raw frames into its cropped layout: 231x282, with contact sheets and a manifest.

    doctor, clips and evaluate read OUT like ROOT. Clips that cannot be prepared are listed; the exit status is then 1.
    The same command resumes interrupted work.
    """
    from merlab.alignment_record import MANIFEST
    from merlab.databases import find_database
    from merlab.preparation.database_faces import SHEETS, prepare
    from merlab.preparation.settings import Settings

    settings = Settings(face_finding(detector, model, config, landmarks), motion, image)
    done = prepare(find_database(database, table=table), root, out, settings, again=again, jobs=jobs)
    rows = [[fault.where, fault.expected, fault.found, fault.remedy] for fault in done.faults]
    if rows:
        print_table("Not prepared", ["where", "expected", "found", "what to do"], rows)
    for warning, count in Counter(text for texts in done.warnings.values() for text in texts).most_common(10):
        print_warning(f"{warning} ({counted(count, 'clip')})")
    stamps = in_brackets(done.stamps, ", ")
    clips, faults = counted(len(done.clips), "clip"), counted(len(rows), "fault")
    summary = f"{clips} prepared in {out}, {faults}{stamps}; see {MANIFEST} and {SHEETS}"
    out_console.print(escape(summary), soft_wrap=True)
    if rows and not allow_unusable:
        raise typer.Exit(1)


def has_terminal() -> bool:
    """Whether a user can read a question and answer it."""
    return sys.stdin is not None and sys.stdin.isatty() and err_console.is_terminal


def face_finding(
    detector: DetectorName, model: Path | None, config: Path | None, landmarks: LandmarkSource
) -> FaceFinding:
    """The settings of these options. At a terminal, offers to fetch the face mesh where it is needed and missing."""
    from merlab.faces.alignment import FaceFinding
    from merlab.faces.model_files import MODELS, get_face_mesh

    for option, file in (("--detector-model", model), ("--detector-config", config)):
        if file is not None and detector != "opencv-ssd":
            raise MerlabError(
                f"{option} is a file of the detector opencv-ssd, and {detector} is used; add --detector opencv-ssd, or "
                "leave it out"
            )
    if landmarks == "mesh" and not MODELS["face-mesh"].present and has_terminal():
        question = "The face mesh, by which faces are aligned, is missing. Fetch it now with pip (6.5 MB, once)?"
        if typer.confirm(question, err=True):
            get_face_mesh()
    return FaceFinding(detector, model, config, landmarks)


@app.command("align", rich_help_panel=VIDEOS)
def align_command(
    source: Annotated[
        Path, PathArgument(help="A video, or a folder of images numbered in their names.", metavar="VIDEO_OR_FOLDER")
    ],
    out: Annotated[Path, PathArgument(help="New folder, or one that the same command began.", metavar="OUT")],
    fps: Annotated[
        float | None, typer.Option(help="Frames per second, for images, or if the container is wrong.")
    ] = None,
    frames: Annotated[str | None, typer.Option(help="Only frames A to B, as A:B; A: means from A to the end.")] = None,
    start: Annotated[float | None, typer.Option(min=0, help="Only from this second on.")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="Only before this second.")] = None,
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    landmarks: LandmarksOption = "mesh",
    motion: MotionOption = "onset",
    image: ImageOption = "jpg",
    video: Annotated[bool, typer.Option("--video", help="Also write aligned.mp4, to check the result.")] = False,
    again: AgainOption = False,
) -> None:
    """Align one video or one folder of images: 231x282 faces, a contact sheet, and warnings.

    The face must be visible in the first frame; it is followed from there. The same command resumes interrupted work.
    """
    from merlab.preparation.settings import Settings
    from merlab.preparation.video_faces import FRAMES, SHEET, align
    from merlab.spotting.video_sources import source_of

    source, chosen = source_of(source), _frame_range(frames, start, end)
    settings = Settings(face_finding(detector, model, config, landmarks), motion, image)
    record = align(source, out, settings, frame_range=chosen, fps=fps, video=video, again=again)
    for warning in record.warnings:
        print_warning(warning)
    first, last = record.frames
    stamps = in_brackets(record.stamps, ", ")
    summary = f"frames {first}..{last} of {source.name} aligned in {out / FRAMES}{stamps}; check them in {out / SHEET}"
    out_console.print(escape(summary), soft_wrap=True)


def _frame_range(frames: str | None, start: float | None, end: float | None) -> FrameRange:
    from merlab.preparation.frame_range import FrameRange

    if frames is None:
        return FrameRange(start=start, end=end)
    match = re.fullmatch(r"(\d*):(\d*)", frames)
    if not match or start is not None or end is not None:
        raise MerlabError("give the range as --frames A:B, two frame numbers, or as --start and --end in seconds")
    first, last = (int(text) if text else None for text in match.groups())
    return FrameRange(first, last)

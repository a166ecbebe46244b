"""Commands that turn a camera's frames into aligned faces: prepare, align."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from merlab.cli.app import DATA, app
from merlab.cli.arguments import Detector, HeadMotion, ImageFormat, JobsOption, RootArgument
from merlab.console import err_console, out_console, print_table, progress_bar

if TYPE_CHECKING:
    from merlab.preparation.settings import Settings

DetectorOption = Annotated[Detector, typer.Option(help="opencv-ssd is the paper's; it needs the two files below.")]
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
    detector: DetectorOption = Detector.YUNET,
    model: ModelOption = None,
    config: ConfigOption = None,
    motion: MotionOption = HeadMotion.ONSET,
    image: ImageOption = ImageFormat.JPG,
    jobs: JobsOption = None,
    allow_unusable: Annotated[
        bool, typer.Option("--allow-unusable", help="Status 0 although clips could not be prepared.")
    ] = False,
) -> None:
    """Align a database's raw frames into its cropped layout: 231x282, with contact sheets and a manifest.

    doctor, clips and evaluate read OUT as they read ROOT. Clips that cannot be prepared are named; status 1 then.
    """
    from merlab.databases import find_database
    from merlab.preparation.tree import MANIFEST, SHEETS, prepare

    settings = _settings(detector, model, config, motion, image)
    with progress_bar() as progress:
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
    detector: Detector, model: Path | None, config: Path | None, motion: HeadMotion, image: ImageFormat
) -> Settings:
    from merlab.faces.alignment import FaceFinding
    from merlab.preparation.settings import Settings

    return Settings(FaceFinding(detector.value, model, config), motion.value, image.value)

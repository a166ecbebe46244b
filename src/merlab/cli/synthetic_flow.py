"""The command that makes synthetic flow: make-flow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from merlab.cli.app import SYNTHETIC_DATA, app
from merlab.cli.arguments import AgainOption, JobsOption, PathArgument, SeedOption
from merlab.cli.console import out_console
from merlab.progress import shown_progress
from merlab.spelling import counted


@app.command("make-flow", rich_help_panel=SYNTHETIC_DATA)
def make_flow_command(
    out: Annotated[Path, PathArgument(help="New folder; everything in it is marked SYNTHETIC.", metavar="OUT")],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities.")] = 152,
    clips: Annotated[int, typer.Option(min=1, help="Clips of each; 70 kB per clip.")] = 20,
    seed: SeedOption = 0,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Make the optical flow of varied synthetic clips, to train recognizers: negative, positive, surprise equally.

    Strength, drift, blur, noise, compression and flow algorithm differ from clip to clip. Only onset and apex are
    rendered; no frames are written. `merlab pretrain` and `merlab evaluate` read the folder with --synthetic.
    """
    from merlab.synthesis import make_flow

    with shown_progress() as progress:
        make_flow(out, subjects=subjects, clips=clips, seed=seed, again=again, jobs=jobs, progress=progress)
    summary = (
        f"SYNTHETIC flow of {counted(subjects * clips, 'clip')} of {counted(subjects, 'subject')} written to {out}"
    )
    out_console.print(escape(summary), soft_wrap=True)

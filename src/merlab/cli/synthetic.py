"""Commands that make synthetic data: faces, flow, videos."""

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
from merlab.vocabulary import RecordingPreset, SynthesisPreset, VideoFormat


@app.command("make-faces", rich_help_panel=SYNTHETIC_DATA)
def make_faces_command(
    out: Annotated[
        Path,
        PathArgument(
            help="New folder; gets a tree in CASME II's layout, everything in it is marked SYNTHETIC.", metavar="OUT"
        ),
    ],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities.")] = 26,
    clips: Annotated[int, typer.Option(min=1, help="Clips in all, classes as frequent as in CASME II.")] = 255,
    preset: Annotated[
        SynthesisPreset, typer.Option(help="easy: clear movements; hard: small ones under noise; null: none.")
    ] = "default",
    seed: SeedOption = 0,
    raw: Annotated[
        bool, typer.Option("--raw", help="Also write uncropped 640x480 head frames in the raw layout.")
    ] = False,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Make synthetic micro-expressions with exact ground truth, in CASME II's layout."""
    from merlab.synthesis import make_faces

    with shown_progress() as progress:
        make_faces(
            out,
            subjects=subjects,
            clips=clips,
            preset=preset,
            seed=seed,
            raw=raw,
            again=again,
            jobs=jobs,
            progress=progress,
        )
    out_console.print(
        f"{counted(clips, 'SYNTHETIC clip')} of {counted(subjects, 'subject')} written to {escape(str(out))}",
        soft_wrap=True,
    )


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


@app.command("make-videos", rich_help_panel=SYNTHETIC_DATA)
def make_videos_command(
    out: Annotated[
        Path, PathArgument(help="New folder for the recordings; everything in it is marked SYNTHETIC.", metavar="OUT")
    ],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities, one recording each.")] = 5,
    minutes: Annotated[float, typer.Option(min=0, help="Length of each recording.")] = 1.0,
    events: Annotated[float, typer.Option(min=0, help="Micro-expressions a minute.")] = 8.0,
    preset: Annotated[
        RecordingPreset,
        typer.Option(
            help="easy: clear movements; hard: small under noise; null: no event at all; conversation: among "
            "macro-expressions, talking, chewing, hands, turns, slipping glasses, changes of the light, and cuts."
        ),
    ] = "default",
    seed: SeedOption = 0,
    video_format: Annotated[
        VideoFormat,
        typer.Option(
            "--format",
            help="avi: Motion JPEG, hardly changes the frames, 10 minutes at most at 200 frames per second; mp4: "
            "small, blurred; frames: a folder of JPEG images.",
        ),
    ] = "avi",
    raw: Annotated[bool, typer.Option("--raw", help="Also write the uncropped 640x480 camera view.")] = False,
    fps: Annotated[
        int,
        typer.Option(
            help="Frames per second: 30, 60, 100 or 200; a seed shows the same movements at the same seconds at each."
        ),
    ] = 200,
    megabits: Annotated[
        float | None,
        typer.Option(
            help="Mbit/s of mp4 files; unless given, constant quality, and in a conversation a random rate of 1 to 8."
        ),
    ] = None,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Make long SYNTHETIC recordings with known micro-expressions among blinks, shifts of gaze and head movement.

    Writes the videos, SYNTHETIC_events.csv (truth of the movements), SYNTHETIC_videos.csv (lengths) and a manifest; the
    preset conversation also SYNTHETIC_distractions.csv.
    """
    from merlab.synthesis import make_videos

    with shown_progress() as progress:
        make_videos(
            out,
            subjects=subjects,
            minutes=minutes,
            events=events,
            preset=preset,
            seed=seed,
            raw=raw,
            video_format=video_format,
            fps=fps,
            megabits=megabits,
            again=again,
            jobs=jobs,
            progress=progress,
        )
    made = f"{counted(subjects, 'SYNTHETIC recording')} {'is' if subjects == 1 else 'are'} in"
    out_console.print(f"{made} {escape(str(out))}", soft_wrap=True)

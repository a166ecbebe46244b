"""Commands about long videos: make them, spot movements in them, score what was spotted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from merlab.cli.app import DATA, VIDEOS, app
from merlab.cli.arguments import JobsOption, JsonOption, RuntimeOption, SeedOption
from merlab.cli.console import err_console, out_console, print_json, print_table, progress_bar
from merlab.errors import MerlabError
from merlab.vocabulary import SynthesisPreset, VideoFormat

if TYPE_CHECKING:
    from merlab.spotting.spot import SpottingSettings
    from merlab.videos.result import VideoResult


# Columns of recognized events that a terminal has room for, and what they are called there.
SHOWN = {
    "event": "event",
    "face_id": "face",
    "apex_s": "apex, s",
    "duration_s": "lasts, s",
    "class": "class",
    "probability": "sure",
    "part": "part",
    "action_units": "action units",
}


@app.command("make-videos", rich_help_panel=DATA)
def make_videos_command(
    out: Annotated[Path, typer.Argument(help="New folder for the recordings; everything in it says SYNTHETIC.")],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities, one recording each.")] = 5,
    minutes: Annotated[float, typer.Option(min=0, help="Length of each recording, at 200 frames a second.")] = 1.0,
    events: Annotated[float, typer.Option(min=0, help="Micro-expressions a minute.")] = 8.0,
    preset: Annotated[
        SynthesisPreset,
        typer.Option(help="easy: clear movements; hard: small under noise; null: no event at all."),
    ] = "default",
    seed: SeedOption = 0,
    video_format: Annotated[
        VideoFormat,
        typer.Option("--format", help="avi: Motion JPEG, true to the frames, 10 minutes at most; mp4: small, blurred."),
    ] = "avi",
    raw: Annotated[bool, typer.Option("--raw", help="Also write the uncropped 640x480 camera view.")] = False,
    jobs: JobsOption = None,
) -> None:
    """Make long SYNTHETIC recordings: micro-expressions among blinks, shifts of gaze and head movement, all known."""
    from merlab.synthesis import make_videos

    with progress_bar() as progress:
        make_videos(
            out,
            subjects=subjects,
            minutes=minutes,
            events=events,
            preset=preset,
            seed=seed,
            raw=raw,
            video_format=video_format,
            jobs=jobs,
            progress=progress,
        )
    out_console.print(f"{subjects} SYNTHETIC recordings lie in {escape(str(out))}", soft_wrap=True)


@app.command(rich_help_panel=VIDEOS)
def spot(
    videos: Annotated[
        list[Path], typer.Argument(help="Videos or folders of frames, each of one aligned face.", metavar="VIDEO...")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results, one folder a video.")] = Path("merlab-spotted"),
    fps: Annotated[float | None, typer.Option(help="Frames a second; needed for folders, overrides a video's.")] = None,
    p: Annotated[float | None, typer.Option(min=0, max=1, help="Threshold: mean + p (max - mean).")] = None,
    floor: Annotated[float | None, typer.Option(min=0, help="Least threshold, in units of noise.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Spot micro-expressions in videos of aligned faces: onset, apex and offset of each movement.

    Leaves events.csv, scores.csv and spotting.json for each video; what is there already is not computed again.
    """
    from merlab.spotting.timeline import spot_video

    if fps is not None and fps <= 0:
        raise MerlabError(f"--fps must be above 0, got {fps}")
    settings = _spotting(p, floor)
    folders = _folders(out, videos)
    timelines = []
    with progress_bar() as progress:
        for video, folder in folders.items():
            timelines.append(spot_video(video, folder, fps=fps, settings=settings, progress=progress))
    if as_json:
        print_json([line.metadata | {"events": line.events.to_dict("records")} for line in timelines])
        return
    for video, line in zip(folders, timelines, strict=True):
        for warning in line.warnings:
            err_console.print(f"[yellow]warning:[/] {escape(f'{video.name}: {warning}')}", soft_wrap=True)
        shown = line.events.drop(columns=["video", "onset_s", "offset_s"]).astype(str)
        title = f"{video.name}: {len(shown)} movements in {line.metadata['seconds']:.1f} s"
        print_table(title, shown.columns.tolist(), shown.to_numpy().tolist())
        out_console.print(f"events and scores: {escape(str(line.folder))}", soft_wrap=True)


def _folders(out: Path, videos: list[Path]) -> dict[Path, Path]:
    """Where the result of each video goes; raises MerlabError when two would share a folder."""
    folders = {video: out / video.resolve().name for video in videos}
    if len(set(folders.values())) < len(videos):
        raise MerlabError("two of the videos have the same name; spot them into different folders with --out")
    return folders


@app.command("recognize", rich_help_panel=VIDEOS)
def recognize_command(
    source: Annotated[
        Path,
        typer.Argument(
            help="A video, a folder of images numbered in their names, or a folder of videos.",
            metavar="VIDEO_OR_FOLDER",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; merlab-recognized/NAME unless given.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second; needed for images, overrides a video's.")] = None,
    aligned: Annotated[bool, typer.Option("--aligned", help="The frames are aligned faces already.")] = False,
    most_faces: Annotated[int, typer.Option(min=1, help="How many faces are followed at once.")] = 4,
    weights: Annotated[Path | None, typer.Option(help="Weights of `merlab pretrain`; else those of merlab.")] = None,
    runtime: RuntimeOption = "auto",
    unsure_below: Annotated[
        float, typer.Option(min=0, max=1, help="An event whose class is less probable gets none.")
    ] = 0.5,
    p: Annotated[float | None, typer.Option(min=0, max=1, help="Threshold: mean + p (max - mean).")] = None,
    floor: Annotated[float | None, typer.Option(min=0, help="Least threshold, in units of noise.")] = None,
    overlay: Annotated[bool, typer.Option("--overlay/--no-overlay", help="Write overlay.mp4, to look at.")] = True,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find faces in a video, spot their micro-expressions, say what moved and of which class it looks.

    Leaves report.html, events.csv, frames.csv, pictures of every event, overlay.mp4, events.eaf for ELAN and
    metadata.json. The same command goes on where it stopped.
    """
    from merlab.videos.recognition import OUT, recognize, recognize_each, videos_in

    with progress_bar() as progress:
        one = partial(
            recognize,
            fps=fps,
            aligned=aligned,
            most_faces=most_faces,
            weights=weights,
            runtime=runtime,
            unsure_below=unsure_below,
            spotting=_spotting(p, floor),
            overlay=overlay,
            jobs=jobs,
            progress=progress,
        )
        videos = videos_in(source)
        results = recognize_each(videos, out or OUT, one) if videos else {source: one(source, out)}
    if as_json:
        print_json([_recognized_json(video, result) for video, result in results.items()])
    else:
        for video, result in results.items():
            _print_recognized(video, result)
    if any(isinstance(result, MerlabError) for result in results.values()):
        raise typer.Exit(1)


def _spotting(p: float | None, floor: float | None) -> SpottingSettings:
    """The settings of spotting with what was asked for."""
    from dataclasses import replace

    from merlab.spotting.spot import SpottingSettings

    settings = SpottingSettings()
    return replace(settings, p=settings.p if p is None else p, floor=settings.floor if floor is None else floor)


def _recognized_json(video: Path, result: VideoResult | MerlabError) -> dict[str, Any]:
    if isinstance(result, MerlabError):
        return {"video": str(video), "error": str(result)}
    return {"folder": str(result.folder), **result.metadata, "events": result.events.to_dict("records")}


def _print_recognized(video: Path, result: VideoResult | MerlabError) -> None:
    if isinstance(result, MerlabError):
        err_console.print(f"[bold red]error:[/] {escape(str(result))}", soft_wrap=True)
        return
    for warning in result.warnings:
        err_console.print(f"[yellow]warning:[/] {escape(f'{video.name}: {warning}')}", soft_wrap=True)
    shown = result.events[list(SHOWN)].astype(str)
    shown["class"] = shown["class"].replace("", "unsure")
    stamps = ", ".join(result.metadata["model"]["stamps"])
    title = f"{video.name}: {len(shown)} movements in {result.metadata['video']['seconds']:.1f} s"
    print_table(title + (f" [model: {stamps}]" if stamps else ""), list(SHOWN.values()), shown.to_numpy().tolist())
    out_console.print(f"the result lies in {escape(str(result.folder))}", soft_wrap=True)


@app.command("score-spotting", rich_help_panel=VIDEOS)
def score_spotting_command(
    truth: Annotated[
        Path, typer.Argument(help="CSV of true events: onset, offset in frames (video, apex, emotion where known).")
    ],
    spotted: Annotated[
        list[Path], typer.Argument(help="CSVs of spotted events with the same columns.", metavar="SPOTTED...")
    ],
    fps: Annotated[float | None, typer.Option(help="Frames a second, for the apex error in milliseconds.")] = None,
    scheme: Annotated[
        str | None, typer.Option(help="Label scheme that turns the true emotions into classes, such as megc2019.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Also keep the scores as JSON, for documents.")] = None,
    command: Annotated[str, typer.Option(help="With --save: what made the tables, as a reader would type it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Score anybody's spotted events: precision, recall, F1 at IoU 0.5 over all videos, apex error, STRS.

    Recognition is scored where both tables say classes (emotion, or class as `merlab recognize` writes it), action
    units where both have a column action_units. Beside each stands what a constant and a random guess would score.
    """
    import pandas as pd

    from merlab.reports.spotting_scores import spotting_table, store_spotting
    from merlab.schemes import find_scheme
    from merlab.spotting.scoring import in_scheme, read_events, score_spotting

    if fps is not None and fps <= 0:
        raise MerlabError(f"--fps must be above 0, got {fps}")
    if save and not command:
        raise MerlabError("--save needs --command, so that a reader can repeat what made the tables")
    found = pd.concat([read_events(path) for path in spotted], ignore_index=True)
    true = read_events(truth)
    result = score_spotting(in_scheme(true, find_scheme(scheme)) if scheme else true, found, fps)
    if save:
        store_spotting(save, result, command, truth, spotted)
    if as_json:
        print_json(result)
        return
    table = spotting_table(result)
    print_table(truth.name, list(table.columns), table.to_numpy().tolist())

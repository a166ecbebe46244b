"""Commands about videos: make recordings, spot movements, recognize them, score what was spotted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from merlab.cli.app import DATA, VIDEOS, app
from merlab.cli.arguments import (
    AgainOption,
    JobsOption,
    JsonOption,
    RuntimeOption,
    SeedOption,
    key_values,
)
from merlab.cli.console import err_console, out_console, print_json, print_table
from merlab.cli.faces import ConfigOption, DetectorOption, LandmarksOption, ModelOption, face_finding
from merlab.errors import MerlabError
from merlab.progress import shown_progress
from merlab.vocabulary import SynthesisPreset, VideoFormat

if TYPE_CHECKING:
    import pandas as pd

    from merlab.spotting.spot import SpottingSettings
    from merlab.videos.result import VideoResult


# Columns of recognized events that fit a terminal, and their titles there.
SHOWN = {
    "event": "event",
    "face_id": "face",
    "apex_s": "apex, s",
    "duration_s": "duration, s",
    "class": "class",
    "probability": "probability",
    "part": "part",
    "action_units": "action units",
}


@app.command("make-videos", rich_help_panel=DATA)
def make_videos_command(
    out: Annotated[Path, typer.Argument(help="New folder for the recordings; everything in it is marked SYNTHETIC.")],
    subjects: Annotated[int, typer.Option(min=1, help="Synthetic identities, one recording each.")] = 5,
    minutes: Annotated[float, typer.Option(min=0, help="Length of each recording, at 200 frames per second.")] = 1.0,
    events: Annotated[float, typer.Option(min=0, help="Micro-expressions a minute.")] = 8.0,
    preset: Annotated[
        SynthesisPreset,
        typer.Option(help="easy: clear movements; hard: small under noise; null: no event at all."),
    ] = "default",
    seed: SeedOption = 0,
    video_format: Annotated[
        VideoFormat,
        typer.Option(
            "--format", help="avi: Motion JPEG, hardly changes the frames, 10 minutes at most; mp4: small, blurred."
        ),
    ] = "avi",
    raw: Annotated[bool, typer.Option("--raw", help="Also write the uncropped 640x480 camera view.")] = False,
    again: AgainOption = False,
    jobs: JobsOption = None,
) -> None:
    """Make long SYNTHETIC recordings with known micro-expressions among blinks, shifts of gaze and head movement."""
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
            again=again,
            jobs=jobs,
            progress=progress,
        )
    out_console.print(f"{subjects} SYNTHETIC recordings are in {escape(str(out))}", soft_wrap=True)


FpsOption = Annotated[
    float | None,
    typer.Option(help="Frames per second; required for images, overrides the frame rate of a video."),
]
POption = Annotated[float | None, typer.Option(min=0, max=1, help="Threshold of spotting: mean + p (max - mean).")]
FloorOption = Annotated[float | None, typer.Option(min=0, help="Lowest threshold of spotting, in units of noise.")]
SpottingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--spotting", metavar="KEY=VALUE", help="Any other setting of spotting, e.g. longest=0.5 or score.reach=0.4."
    ),
]


@app.command("spot", rich_help_panel=VIDEOS)
def spot_command(
    videos: Annotated[
        list[Path], typer.Argument(help="Videos or folders of images, each of one aligned face.", metavar="VIDEO...")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Gets one folder per video, with its name; unless given, merlab-spotted.")
    ] = None,
    fps: FpsOption = None,
    p: POption = None,
    floor: FloorOption = None,
    spotting: SpottingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Spot micro-expressions in videos of aligned faces: onset, apex and offset of each movement.

    Writes events.csv, scores.csv and spotting.json for each video. Finished results are not computed again.
    """
    from merlab.spotting.timeline import OUT, folder_of_each, spot

    settings, folders = _settings(p, floor, spotting), folder_of_each(videos, out or OUT)
    with shown_progress() as progress:
        timelines = [
            spot(video, folder, fps=fps, settings=settings, progress=progress) for video, folder in folders.items()
        ]
    if as_json:
        print_json([each.metadata.model_dump(mode="json") | {"events": _records(each.events)} for each in timelines])
        return
    for line in timelines:
        _print_warnings(line.video, line.warnings)
        shown = line.events.drop(columns=["video", "onset_s", "offset_s"]).astype(str)
        title = f"{line.video}: {len(shown)} movements in {line.metadata.seconds:.1f} s"
        print_table(title, shown.columns.tolist(), shown.to_numpy().tolist())
        out_console.print(f"events and scores: {escape(str(line.folder))}", soft_wrap=True)


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
        Path | None, typer.Option(help="Folder for the result; unless given, merlab-recognized/NAME.")
    ] = None,
    fps: FpsOption = None,
    aligned: Annotated[bool, typer.Option("--aligned", help="The frames are aligned faces already.")] = False,
    most_faces: Annotated[int, typer.Option(min=1, help="How many faces are followed at once.")] = 4,
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    landmarks: LandmarksOption = "mesh",
    weights: Annotated[
        Path | None, typer.Option(help="Weights of `merlab pretrain`; unless given, those that ship with merlab.")
    ] = None,
    runtime: RuntimeOption = "auto",
    unsure_below: Annotated[
        float, typer.Option(min=0, max=1, help="Leave the class empty below this probability.")
    ] = 0.5,
    p: POption = None,
    floor: FloorOption = None,
    spotting: SpottingOption = None,
    overlay: Annotated[
        bool, typer.Option("--overlay/--no-overlay", help="Write overlay.mp4, the video with the results drawn in.")
    ] = True,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find faces in a video, spot their micro-expressions, and report for each what moved and its most likely class.

    Writes report.html, events.csv, frames.csv, pictures of every event, overlay.mp4, events.eaf for ELAN and
    metadata.json. The same command resumes interrupted work.
    """
    from merlab.videos.options import RecognizeOptions
    from merlab.videos.recognition import recognize, recognize_each, videos_in

    finding = None if aligned else face_finding(detector, model, config, landmarks)
    with shown_progress() as progress:
        options = RecognizeOptions(
            fps=fps,
            aligned=aligned,
            most_faces=most_faces,
            finding=finding,
            weights=weights,
            runtime=runtime,
            unsure_below=unsure_below,
            spotting=_settings(p, floor, spotting),
            overlay=overlay,
            jobs=jobs,
            progress=progress,
        )
        results: dict[Path, VideoResult | MerlabError] = (
            recognize_each(source, out, **options) if videos_in(source) else {source: recognize(source, out, **options)}
        )
    if as_json:
        print_json([_recognized_json(video, result) for video, result in results.items()])
    else:
        for result in results.values():
            _print_recognized(result)
    if any(isinstance(result, MerlabError) for result in results.values()):
        raise typer.Exit(1)


def _settings(p: float | None, floor: float | None, others: list[str] | None) -> SpottingSettings:
    """The settings of spotting with those of the command line; raises MerlabError for a value that is not a number."""
    from merlab.spotting.spot import spotting_settings

    changed = {name: value for name, value in (("p", p), ("floor", floor)) if value is not None}
    for name, text in key_values(others, "--spotting").items():
        try:
            changed[name] = float(text)
        except ValueError as error:
            raise MerlabError(f"--spotting {name} takes a number, got {text!r}") from error
    return spotting_settings(changed)


def _records(events: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in record.items()} for record in events.to_dict("records")]


def _print_warnings(video: str, warnings: Sequence[str]) -> None:
    for warning in warnings:
        err_console.print(f"[yellow]warning:[/] {escape(f'{video}: {warning}')}", soft_wrap=True)


def _recognized_json(video: Path, result: VideoResult | MerlabError) -> dict[str, Any]:
    if isinstance(result, MerlabError):
        return {"video": str(video), "error": str(result)}
    metadata = result.metadata.model_dump(mode="json")
    return {"folder": str(result.folder), **metadata, "events": _records(result.events)}


def _print_recognized(result: VideoResult | MerlabError) -> None:
    if isinstance(result, MerlabError):
        err_console.print(f"[bold red]error:[/] {escape(str(result))}", soft_wrap=True)
        return
    video, stamps = result.metadata.video, ", ".join(result.metadata.model.stamps)
    _print_warnings(video.name, result.warnings)
    shown = result.events[list(SHOWN)].astype(str)
    shown["class"] = shown["class"].replace("", "unsure")
    title = f"{video.name}: {len(shown)} movements in {video.seconds:.1f} s"
    print_table(title + (f" [model: {stamps}]" if stamps else ""), list(SHOWN.values()), shown.to_numpy().tolist())
    out_console.print(f"the result is in {escape(str(result.folder))}", soft_wrap=True)


@app.command("score-spotting", rich_help_panel=VIDEOS)
def score_spotting_command(
    truth: Annotated[
        Path, typer.Argument(help="True events: onset and offset in frames, and if known video, apex, emotion.")
    ],
    spotted: Annotated[
        list[Path], typer.Argument(help="Tables of spotted events with the same columns.", metavar="SPOTTED...")
    ],
    fps: Annotated[float | None, typer.Option(help="Frames per second, for the apex error in milliseconds.")] = None,
    scheme: Annotated[
        str | None, typer.Option(help="Label scheme that maps the true emotions to classes, such as megc2019.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the scores as JSON, for documents.")] = None,
    command: Annotated[str, typer.Option(help="With --save: the commands that made the tables, for the reader.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Score spotted events from any tool: precision, recall, F1 at IoU 0.5 over all videos, apex error, STRS.

    Recognition is scored where both tables have classes (a column emotion, or class as `merlab recognize` writes it),
    action units where both have a column action_units. Each score is listed beside that of a constant and a random
    guess.
    """
    from merlab.reports.spotting_scores import spotting_table, store_spotting
    from merlab.spotting.scoring import score_spotting

    scores = score_spotting(truth, spotted, fps, scheme)
    if save:
        store_spotting(save, scores, command, truth, spotted)
    if as_json:
        print_json(scores.to_json())
        return
    table = spotting_table(scores)
    print_table(truth.name, list(table.columns), table.to_numpy().tolist())
    for note in scores.notes:
        out_console.print(f"note: {escape(note)}", soft_wrap=True)

"""Commands about videos: spot movements, recognize them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import (
    AgainOption,
    JobsOption,
    JsonOption,
    PathArgument,
    PathOption,
    RuntimeOption,
    is_given,
    key_values,
)
from merlab.cli.faces import ConfigOption, DetectorOption, LandmarksOption, ModelOption, face_finding
from merlab.errors import MerlabError
from merlab.vocabulary import OverlayKind

if TYPE_CHECKING:
    from merlab.spotting.spot import SpottingSettings

FpsOption = Annotated[
    float | None,
    typer.Option(
        help="Frames per second of the camera; needed for images, streams without time stamps, and slow motion that "
        "does not state it."
    ),
]
POption = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="Threshold of spotting: at least mean + p (max - mean). Unless given, 0: not used."
    ),
]
FloorOption = Annotated[
    float | None, typer.Option(min=0, help="Lowest threshold of spotting, in units of noise; unless given, 5.")
]
SpottingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--spotting", metavar="KEY=VALUE", help="Any other setting of spotting, e.g. longest=0.5 or score.reach=0.4."
    ),
]


@app.command("spot", rich_help_panel=VIDEOS)
def spot_command(
    videos: Annotated[
        list[Path],
        PathArgument(
            help="Videos or folders of images, each of one aligned face, or folders of such videos.",
            metavar="VIDEO",
        ),
    ],
    out: Annotated[
        Path | None,
        PathOption(
            help="Gets one folder per video, with its name; unless given, merlab-spotted, for one folder of videos "
            "merlab-spotted/NAME."
        ),
    ] = None,
    fps: FpsOption = None,
    p: POption = None,
    floor: FloorOption = None,
    spotting: SpottingOption = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="Spot by a comparison method instead, one that `merlab spotting-methods` lists, or your own: "
            "FILE.py:NAME; writes events.csv."
        ),
    ] = None,
    train: Annotated[
        Path | None,
        PathOption(
            help="With --method: recordings to fit on, a folder of `merlab make-videos` or `merlab long-videos`.",
        ),
    ] = None,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Spot micro-expressions in videos of aligned faces: onset, apex and offset of each movement.

    Writes events.csv, weak.csv, scores.csv and spotting.json for each video, and for several videos one events.csv and
    one weak.csv of all. Finished results are not computed again.
    """
    from merlab.frames.opening import require_one_kind

    for video in videos:
        require_one_kind(video)
    if method not in {None, "merlab"}:
        from merlab.cli.spotting import spot_by_method

        others = {"--floor": floor, "--spotting": spotting}
        spot_by_method(videos, out, method, train=train, p=p, fps=fps, others=others, again=again, as_json=as_json)
        return
    if train is not None:
        raise MerlabError("--train belongs to --method; merlab's own spotter is not trained")
    from merlab.cli.video_results import Summaries, VideoSummary, spot_and_print, summary_of_timeline
    from merlab.spotting.spot_each import spot_each
    from merlab.spotting.spot_video import spot

    settings = _settings(p, floor, spotting)

    def make(video: Path, folder: Path) -> VideoSummary | MerlabError:
        return summary_of_timeline(spot(video, folder, fps=fps, settings=settings, again=again))

    def make_each(listed: Sequence[Path], folder: Path) -> Summaries:
        made = spot_each(listed, folder, fps=fps, settings=settings, again=again)
        return {video: summary_of_timeline(each) for video, each in made.items()}

    spot_and_print(videos, out, make, make_each, as_json)


# Options of `recognize` about how faces are searched for, by their parameters.
SEARCH = {
    "most_faces": "--most-faces",
    "detector": "--detector",
    "model": "--detector-model",
    "config": "--detector-config",
    "landmarks": "--landmarks",
}


@app.command("recognize", rich_help_panel=VIDEOS)
def recognize_command(
    context: typer.Context,
    source: Annotated[
        Path,
        PathArgument(
            help="A video, a folder of images numbered in their names, or a folder of videos.",
            metavar="VIDEO_OR_FOLDER",
        ),
    ],
    out: Annotated[
        Path | None,
        PathOption(help="Folder for the result; unless given, merlab-recognized/NAME."),
    ] = None,
    fps: FpsOption = None,
    aligned: Annotated[bool, typer.Option("--aligned", help="The frames are aligned faces already.")] = False,
    most_faces: Annotated[int, typer.Option(min=1, help="How many faces are followed at once.")] = 4,
    detector: DetectorOption = "yunet",
    model: ModelOption = None,
    config: ConfigOption = None,
    landmarks: LandmarksOption = "mesh",
    weights: Annotated[
        Path | None,
        PathOption(help="Weights of `merlab pretrain`; unless given, those that ship with merlab."),
    ] = None,
    runtime: RuntimeOption = "auto",
    unsure_below: Annotated[
        float, typer.Option(min=0, max=1, help="Leave the class empty below this probability.")
    ] = 0.5,
    p: POption = None,
    floor: FloorOption = None,
    spotting: SpottingOption = None,
    words: Annotated[
        list[str] | None,
        typer.Option(
            "--words",
            metavar="KEY=VALUE",
            help="A limit within which a class is named, e.g. largest_px=4 or least_fps=30.",
        ),
    ] = None,
    overlay: Annotated[
        OverlayKind,
        typer.Option(
            help="Draw the results into overlay.mp4: into the frames of the video, or on black with the landmarks of "
            "the faces, without the people (mesh)."
        ),
    ] = "frames",
    no_overlay: Annotated[bool, typer.Option("--no-overlay", help="The same as --overlay none.")] = False,
    overlay_lines: Annotated[
        int | None,
        typer.Option(
            min=120,
            help="Scale overlay.mp4 down to at most this many px on its shorter side, e.g. 1080 for a video of 4K; "
            "unless given, it has the size of the video.",
        ),
    ] = None,
    save_inputs: Annotated[
        bool,
        typer.Option("--save-inputs", help="Keep the recognizer's input of each event as inputs.npz, with its recipe."),
    ] = False,
    again: AgainOption = False,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find faces in a video, spot their micro-expressions, and report for each what moved and its most likely class.

    Writes report.html, events.csv, weak.csv, regions.csv, action_units.csv, frames.csv, pictures of every event,
    overlay.mp4, events.eaf for ELAN with the curve of the score, and metadata.json. A folder of videos also gets
    summary.csv, and one events.csv and one weak.csv of all. The same command resumes interrupted work.
    """
    from merlab.cli.video_results import print_results, summary_of_result
    from merlab.spotting.tables_of_all import EVENTS
    from merlab.spotting.video_sources import folder_of, skipped_in, videos_in
    from merlab.videos.options import RecognizeOptions
    from merlab.videos.recognition import OUT, recognize, recognize_each
    from merlab.videos.summary import SUMMARY
    from merlab.videos.words import word_settings

    if no_overlay and overlay != "none" and is_given(context, "overlay"):
        raise MerlabError(f"--overlay {overlay} and --no-overlay contradict each other; give one of them")
    unused = [option for parameter, option in SEARCH.items() if aligned and is_given(context, parameter)]
    if unused:
        raise MerlabError(
            f"{unused[0]} and --aligned contradict each other, because no face is searched for in aligned frames; give "
            "one of them"
        )
    options = RecognizeOptions(
        fps=fps,
        aligned=aligned,
        most_faces=most_faces,
        finding=None if aligned else face_finding(detector, model, config, landmarks),
        weights=weights,
        runtime=runtime,
        unsure_below=unsure_below,
        spotting=_settings(p, floor, spotting),
        words=word_settings(_numbers("--words", words)),
        overlay="none" if no_overlay else overlay,
        overlay_lines=overlay_lines,
        save_inputs=save_inputs,
        again=again,
        jobs=jobs,
    )
    if videos_in(source):
        out = out or folder_of(source, OUT)
        made, events = recognize_each(source, out, **options), out / EVENTS
        summaries = {video: summary_of_result(each) for video, each in made.items()}
        print_results(summaries, skipped_in(source), events, as_json, summary=events.with_name(SUMMARY))
    else:
        single = recognize(source, out, **options)
        print_results({source: summary_of_result(single)}, {}, None, as_json)


def _settings(p: float | None, floor: float | None, others: list[str] | None) -> SpottingSettings:
    """The settings of spotting with those of the command line."""
    from merlab.spotting.spot import spotting_settings

    own = {name: value for name, value in (("p", p), ("floor", floor)) if value is not None}
    return spotting_settings(own | _numbers("--spotting", others, **own))


def _numbers(option: str, pairs: list[str] | None, **own: object) -> dict[str, float]:
    """The values of an option that takes KEY=NUMBER; raises MerlabError as ``key_values``, and for any other text."""
    numbers = {}
    for name, text in key_values(pairs, option, **own).items():
        try:
            numbers[name] = float(text)
        except ValueError as error:
            raise MerlabError(f"{option} {name} takes a number, got {text!r}") from error
    return numbers

"""Commands that compare methods of spotting, and that turn results into answers of challenges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from merlab.cli.app import SPOTTING, VIDEOS, app
from merlab.cli.arguments import AgainOption, JobsOption, JsonOption, PathArgument, PathOption, SeedOption
from merlab.cli.console import out_console, print_frame, print_json, print_note
from merlab.errors import MerlabError
from merlab.progress import one_line
from merlab.spelling import counted
from merlab.stamps import in_brackets

if TYPE_CHECKING:
    from merlab.cli.video_results import VideoSummary
    from merlab.spotting.comparison.method_result import MethodResult
    from merlab.videos.answers.questions import AnsweredFile

ANSWERS = "answers.csv"
MOST_NAMED = 3
SHOWN = ("onset", "apex", "offset", "apex_s", "duration_s", "score", "kind")


@app.command("spotting-methods", rich_help_panel=SPOTTING)
def spotting_methods_command(as_json: JsonOption = False) -> None:
    """List the methods of spotting that merlab is compared with, for `merlab spot --method` and `compare-spotting`."""
    from merlab.reports.spotting_comparison import spotters_table

    table = spotters_table()
    if as_json:
        print_json(table.to_dict("records"))
        return
    print_frame("methods of spotting", table)
    out_console.print("Your own: --method FILE.py:NAME, --methods NAME,FILE.py:NAME.", markup=False)


@app.command("compare-spotting", rich_help_panel=SPOTTING)
def compare_spotting_command(
    truth: Annotated[
        Path,
        PathArgument(
            help="True events: video, onset and offset in frames, and if known kind and subject.", metavar="TRUTH"
        ),
    ],
    videos: Annotated[
        list[Path],
        PathArgument(
            help="Videos, folders of images or of videos, or the videos.csv of `merlab long-videos`.",
            metavar="VIDEO",
        ),
    ],
    methods: Annotated[
        str | None,
        typer.Option(
            help="Names with commas between them, your own as FILE.py:NAME; unless given, all of "
            "`merlab spotting-methods`."
        ),
    ] = None,
    train: Annotated[
        Path | None,
        PathOption(
            help="Fit all methods on these recordings instead of those of the other subjects: a folder of "
            "`merlab make-videos` or `merlab long-videos`."
        ),
    ] = None,
    out: Annotated[
        Path, PathOption(help="Folder for the events of each method, the scores, and kept features.")
    ] = Path("merlab-compared"),
    fps: Annotated[
        float | None,
        typer.Option(
            help="Frames per second of all recordings, also those of --train, except those with a rate in a column fps "
            "of their table; it replaces the rate of time stamps. Unless given, time stamps decide; images and streams "
            "without them are refused."
        ),
    ] = None,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    again: AgainOption = False,
    save: Annotated[Path | None, PathOption(help="Also write the comparison as JSON, for documents.")] = None,
    command: Annotated[str, typer.Option(help="With --save: the commands that made it, for the reader.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Spot in the same recordings by several methods, and score them in one table.

    Thresholds and networks are fitted on the other subjects: one subject is left out at a time, counts are pooled. Two
    guesses that see no frame are listed too. The same command resumes interrupted work; with more --methods, only these
    are added.
    """
    from merlab.reports.spotting_comparison import comparison_heading, comparison_table, store_comparison
    from merlab.spotting.comparison.evaluation import compare_spotting
    from merlab.spotting.comparison.recordings import recordings, recordings_in
    from merlab.storage import require_writable

    if save and not command:
        raise MerlabError("--save needs --command, so that a reader can repeat the table")
    if save:
        require_writable(save, [truth, *videos])
    comparison = compare_spotting(
        recordings(truth, videos, fps),
        None if methods is None else [name.strip() for name in methods.split(",")],
        out,
        training=recordings_in(train, fps) if train else None,
        seed=seed,
        jobs=jobs,
        again=again,
    )
    if save:
        store_comparison(save, comparison, command)
    if as_json:
        print_json(comparison.model_dump(mode="json", by_alias=True))
        return
    print_frame(comparison_heading(comparison), comparison_table(comparison))
    for note in comparison.notes:
        print_note(note)
    out_console.print(f"the events of each method are in {escape(str(out))}", soft_wrap=True)


@app.command("answers", rich_help_panel=VIDEOS)
def answers_command(
    results: Annotated[
        list[Path],
        PathArgument(help="Results of `merlab recognize`, or folders of them, at any depth.", metavar="RESULT"),
    ],
    out: Annotated[Path, PathOption(help="Folder for answers.csv and the replies.")] = Path("merlab-answers"),
    columns: Annotated[
        Literal["emotion", "type"],
        typer.Option(
            help="emotion: vid, onset, offset, emotion of micro-expressions (spot-then-recognize); type: vid, "
            "pred_onset, pred_offset, type (me or mae)."
        ),
    ] = "emotion",
    questions: Annotated[
        list[Path] | None,
        PathOption(help="JSON lines with video and question, to which replies are written; repeatable."),
    ] = None,
    most_probable: Annotated[
        bool, typer.Option("--most-probable", help="Give the most probable class where merlab withholds it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Turn recognized videos into answers for the Micro-Expression Grand Challenges (MEGC).

    Writes answers.csv, and for each file of questions (ME-VQA) the same lines with their answers, by template. What a
    result does not hold is "not determined"; a question of unknown form is not answered, and is counted.
    """
    from merlab.storage import require_writable, write_csv
    from merlab.videos.answers.facts import notes_on_mixtures, read_facts, stamps_of
    from merlab.videos.answers.questions import answer_questions
    from merlab.videos.answers.tables import answer_table

    videos = read_facts(results, most_probable=most_probable)
    table, path = answer_table(videos, columns), out / ANSWERS
    require_writable(path, questions or ())
    answered = answer_questions(questions or (), videos, out)
    write_csv(path, table)
    without = int((table["emotion"] == "").sum()) if columns == "emotion" else 0
    if as_json:
        files = [{"file": str(each.path), **each.counts, "unknown": each.unknown} for each in answered]
        print_json(
            {
                "stamps": stamps_of(videos),
                "videos": len(videos),
                "table": str(path),
                "rows": len(table),
                "without_emotion": without,
                "replies": files,
                "notes": notes_on_mixtures(videos),
            }
        )
        return
    stamps = in_brackets(stamps_of(videos), ", ")
    withheld = f", {without} without an emotion" if without else ""
    out_console.print(
        escape(f"{counted(len(videos), 'video')}, {counted(len(table), 'row')}{withheld}: {path}{stamps}"),
        soft_wrap=True,
    )
    for video in videos:
        if video.faces > 1:
            print_note(f"{video.faces} faces of {video.name} show expressions; all are listed, as of one face")
    for note in notes_on_mixtures(videos):
        print_note(note)
    _print_answered(answered)


def _print_answered(answered: Sequence[AnsweredFile]) -> None:
    """How many questions of each file are answered, and some of those whose form is unknown."""
    for each in answered:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(each.counts.items()))
        out_console.print(escape(f"{counts}: {each.path}"), soft_wrap=True)
        for text in each.unknown[:MOST_NAMED]:
            print_note(f"unknown form: {one_line(text)}")


def spot_by_method(
    videos: list[Path],
    out: Path | None,
    method: str,
    *,
    train: Path | None,
    p: float | None,
    fps: float | None,
    others: Mapping[str, object],
    again: bool,
    as_json: bool,
) -> None:
    """`merlab spot --method`; ``others`` are options that a comparison method does not have."""
    from merlab.cli.video_results import Summaries, spot_and_print
    from merlab.spotting.comparison.by_method import MethodOnVideos
    from merlab.spotting.many_videos import require_rates

    for option, value in others.items():
        if value is not None:
            raise MerlabError(f"{option} is a setting of merlab's own spotter; leave it out with --method")
    spotter = MethodOnVideos(method, train, p=p, fps=fps)

    def make_each(listed: Sequence[Path], folder: Path) -> Summaries:
        require_rates(listed, fps)
        return {video: _summary(each) for video, each in spotter.spot_each(listed, folder, again=again).items()}

    def make(video: Path, folder: Path) -> VideoSummary | MerlabError:
        return _summary(spotter.spot(video, folder, again=again))

    spot_and_print(videos, out, make, make_each, as_json)


def _summary(result: MethodResult | MerlabError) -> VideoSummary | MerlabError:
    """What is printed of the result of a method; an error stays what it is."""
    from merlab.cli.video_results import VideoSummary

    if isinstance(result, MerlabError):
        return result
    metadata = result.metadata
    return VideoSummary(
        name=result.video,
        seconds=metadata.seconds,
        folder=result.folder,
        warnings=metadata.warnings,
        stamps=(),
        table=result.events[list(SHOWN)].astype(str),
        content={
            "folder": str(result.folder),
            **metadata.model_dump(mode="json"),
            "events": result.events.to_dict("records"),
        },
    )

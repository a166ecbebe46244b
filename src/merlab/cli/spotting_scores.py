"""Commands that score what was spotted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from merlab.cli.app import SPOTTING, app
from merlab.cli.arguments import JsonOption, PathArgument, PathOption
from merlab.cli.console import print_frame, print_json, print_note
from merlab.errors import MerlabError


@app.command("score-spotting", rich_help_panel=SPOTTING)
def score_spotting_command(
    truth: Annotated[
        Path,
        PathArgument(
            help="True events: onset and offset in frames, and if known video, apex, emotion.", metavar="TRUTH"
        ),
    ],
    spotted: Annotated[
        list[Path], PathArgument(help="Tables of spotted events with the same columns.", metavar="SPOTTED")
    ],
    fps: Annotated[
        float | None,
        typer.Option(
            help="Frames per second, for the apex error in ms, --by-duration, --videos with frames, and .eaf."
        ),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option(help="Label scheme that maps the true emotions to classes, such as megc2019.")
    ] = None,
    videos: Annotated[
        Path | None,
        PathOption(
            help="Table of all videos, also of those without any event: video, and seconds or frames, for false alarms "
            "a minute; subject, for intervals."
        ),
    ] = None,
    kind: Annotated[Literal["micro", "macro"] | None, typer.Option(help="Score movements of this kind alone.")] = None,
    by_duration: Annotated[
        bool, typer.Option("--by-duration", help="Give kinds to a table without them: micro up to 0.5 s.")
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="Only spotted events whose column score is above; for LGSNet's detections.")
    ] = None,
    tier: Annotated[str | None, typer.Option(help="The tier of an ELAN document to read.")] = None,
    save: Annotated[Path | None, PathOption(help="Also write the scores as JSON, for documents.")] = None,
    command: Annotated[str, typer.Option(help="With --save: the commands that made the tables, for the reader.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Score spotted events from any tool: precision, recall, F1 at IoU 0.5 over all videos, apex error, STRS.

    Tables may be those of merlab, MEGC's answers (vid, onset, offset), LGSNet's detections (.txt, with --threshold) and
    ELAN documents (.eaf, with --fps or a column fps in --videos). Where both tables have kinds (a column kind or type),
    micro- and macro-expressions are scored apart too.

    Recognition is scored where both tables have classes (a column emotion, or class as `merlab recognize` writes it),
    action units where both have a column action_units. Each score is listed beside that of a constant and a random
    guess.
    """
    from merlab.reports.spotting_scores import heading, notes_on_versions, spotting_table, store_spotting
    from merlab.spotting.scoring import score_spotting
    from merlab.storage import require_writable

    if command and not save:
        raise MerlabError("--command belongs to --save; give both or neither")
    if save:
        require_writable(save, [truth, *spotted, videos])
    scores = score_spotting(
        truth,
        spotted,
        fps,
        scheme,
        videos=videos,
        kind=kind,
        by_duration=by_duration,
        threshold=threshold,
        tier=tier,
    )
    if save:
        store_spotting(save, scores, command, truth, spotted)
    if as_json:
        print_json(scores.to_json())
        return
    print_frame(heading(scores, truth, spotted), spotting_table(scores))
    for note in (*scores.notes, *notes_on_versions(spotted)):
        print_note(note)


@app.command("spotting-selection", rich_help_panel=SPOTTING)
def spotting_selection_command(
    truth: Annotated[
        Path, PathArgument(help="True events; LGSNet's tables of intervals are read as they are.", metavar="TRUTH")
    ],
    folder: Annotated[
        Path,
        PathArgument(
            help="One folder of detections per held-out subject, with one .txt file per epoch.", metavar="FOLDER"
        ),
    ],
    fps: Annotated[float, typer.Option(help="Frames per second, for the durations of micro-expressions.")] = 30.0,
    step: Annotated[float, typer.Option(help="Step of the threshold from 0 to 1.")] = 0.01,
    as_json: JsonOption = False,
) -> None:
    """Show what choosing the epoch and the threshold on the test set adds to the F1 of spotting.

    Scores the same detections by four rules: the best epoch and threshold on the test set, both chosen on the other
    subjects, the last epoch, and the best of each subject. Where the true events have kinds, two more rows score
    micro-expressions alone: by the choice of the first row, and by the best one for them.
    """
    from merlab.reports.spotting_scores import selection_table
    from merlab.spotting.scoring.selection import selection_scores

    scores = selection_scores(truth, folder, fps, step)
    if as_json:
        print_json([vars(each) for each in scores])
        return
    print_frame(folder.name, selection_table(scores))

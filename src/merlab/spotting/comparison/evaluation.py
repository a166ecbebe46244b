"""One evaluation of spotting methods: leave one subject out, counts pooled over all recordings.

Thresholds and networks are fitted on the recordings of the other subjects only, or on the other recordings where the
subjects are unknown. Work is kept for each method and fold, so that the same call continues, and further methods can be
added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.databases.long_video import Kind, LongEvent, LongVideo
from merlab.errors import MerlabError
from merlab.given import as_jobs, as_path, as_whole, require_yes_or_no
from merlab.json_models import write_model
from merlab.outputs.claims import claimed_folder
from merlab.processes.thread_limits import one_thread
from merlab.progress import Progress, shown_progress
from merlab.spotting.comparison import all_spotters, spotters_of
from merlab.spotting.comparison.folds import fitted_elsewhere, kinds_of, leave_one_subject_out
from merlab.spotting.comparison.method_result import versions_of_methods
from merlab.spotting.comparison.notes import fitted_on
from merlab.spotting.comparison.recordings import digest_of
from merlab.spotting.comparison.results import SpottingComparison
from merlab.spotting.comparison.spotter import COMPUTED
from merlab.spotting.comparison.summary import EVENTS, summarized
from merlab.spotting.comparison.work import FEATURES, FOLDS, Work
from merlab.spotting.motion import MEASURED
from merlab.version import __version__

OUT = Path("merlab-compared")
HOLDS = "a comparison of spotting methods"
SETTINGS, RESULT = "settings.json", "comparison.json"
# Every file of a comparison, by its path in the folder.
WRITTEN = re.compile(rf"{RESULT}|{FEATURES}/[^/]+/([^/]+/)?[^/]+\.npz|[^/]+/({EVENTS}|{FOLDS}/[^/]+\.json)")


def compare_spotting(
    videos: Sequence[LongVideo],
    methods: object = None,
    out: Path | str = OUT,
    *,
    training: Sequence[LongVideo] | None = None,
    seed: int = 0,
    jobs: int | None = None,
    again: bool = False,
    progress: Progress | bool = True,
) -> SpottingComparison:
    """Spot in the same recordings by several methods, and score them all.

    Args:
        videos: recordings with their true events: ``merlab.databases.long_videos(...).videos``, or those of
            a folder, ``merlab.spotting.comparison.recordings.recordings_in(FOLDER)``.
        methods: one or several names, ``FILE.py:NAME``, or methods of your own: functions of a ``merlab.Recording``, or
            objects or classes with ``spot`` and, if they learn, ``fit`` (docs: Add a spotting method). Unless given,
            all that `merlab spotting-methods` lists.
        out: the folder for comparison.json, the events of each method, and the features of each recording, which may
            be removed afterwards.
        training: fit all methods on these recordings instead of those of the other subjects.
        seed: of networks and of the random guess.
        jobs: worker processes that read the recordings and fit the methods that learn; None for one per core. Scores do
            not depend on it.
        again: replace the result of other recordings, or make a finished one again.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a value of a wrong type or range, recordings that cannot be read, an unknown method, an error
            in a method of your own or an answer that is no interval, fewer than two subjects without ``training``, and
            a folder that holds anything else.

    """
    # A method of yours may change the current folder.
    place, processes = as_path(out, "out").absolute(), as_jobs(jobs)
    seed = as_whole(seed, "seed", 0)
    require_yes_or_no(again=again)
    videos, training = _recordings(videos, "videos"), None if training is None else _recordings(training, "training")
    spotters = spotters_of(all_spotters() if methods is None else methods)
    _require_sources([*videos, *(training or ())])
    folds = leave_one_subject_out(videos) if training is None else fitted_elsewhere(videos, training)
    settings = {
        "recordings": digest_of([*videos, *(training or ())]),
        "fitted_on": fitted_on(videos, training),
        "seed": seed,
        "merlab": __version__,
        "measured": MEASURED,
        "computed": COMPUTED,
        # PyTorch, which takes seconds, is loaded by networks only; folds of two versions of it would be joined.
        "versions": versions_of_methods(),
    }
    with (
        claimed_folder(
            place, SETTINGS, settings, HOLDS, again=again, is_complete=_is_complete, writes=WRITTEN.fullmatch
        ) as folder,
        shown_progress(progress) as show,
        one_thread(),
    ):
        work = Work(folder, spotters, folds, kinds_of(videos), seed, processes, show)
        work.run()
        results = [(spotter, work.results(spotter)) for spotter in spotters]
        comparison = summarized(results, videos, training, seed, folder)
        write_model(folder / RESULT, comparison)
    return comparison


def _recordings(given: object, name: str) -> list[LongVideo]:
    listed = list(given) if isinstance(given, Iterable) else []
    if not listed or not all(isinstance(each, LongVideo) for each in listed):
        raise MerlabError(
            f"{name} must be a list of recordings, such as merlab.databases.long_videos(...).videos, got {given!r}"
        )
    return [replace(each, events=_once(each.events)) for each in listed]


def _require_sources(videos: Iterable[LongVideo]) -> None:
    for each in videos:
        if not each.source.exists():
            raise MerlabError(f"{each.source}, the source of {each.name}, does not exist; correct its path")


def _once(events: Sequence[LongEvent]) -> tuple[LongEvent, ...]:
    """The movements without repetitions: some databases code one twice, with different apexes."""
    first: dict[tuple[Kind, int, int], LongEvent] = {}
    for each in events:
        first.setdefault((each.kind, each.onset, each.offset), each)
    return tuple(first.values())


def _is_complete(folder: Path) -> bool:
    return (folder / RESULT).is_file()

"""One evaluation of spotting methods: leave one subject out, counts pooled over all recordings.

Thresholds and networks are fitted on the recordings of the other subjects only, or on the other recordings where the
subjects are unknown. Work is kept for each method and fold,
so that the same call continues, and further methods can be added.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from pathlib import Path

import pandas as pd

from merlab.claims import claimed_folder
from merlab.databases.long_video import Kind, LongVideo
from merlab.errors import MerlabError
from merlab.json_models import read_model, write_model
from merlab.processes import each_in_processes, one_thread
from merlab.progress import Progress, shown_progress
from merlab.spotting.comparison import SPOTTERS, find_spotter
from merlab.spotting.comparison.folds import (
    Fold,
    damage_note,
    fitted_elsewhere,
    fitted_on,
    fold_result,
    kinds_of,
    leave_one_subject_out,
    needed,
    person_in,
    short_note,
    unknown_subjects,
)
from merlab.spotting.comparison.learning import LearnedFold, in_processes, learned, processes
from merlab.spotting.comparison.material import Material, Reading, read, unread
from merlab.spotting.comparison.results import FoldResult, MethodScores, SpottingComparison
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Spotter
from merlab.spotting.motion import MEASURED
from merlab.spotting.scoring import SpottingScores, score_spotting
from merlab.stamps import SYNTHETIC, WHOLE_HEADS
from merlab.storage import whole_file
from merlab.version import __version__

OUT = Path("merlab-compared")
HOLDS = "a comparison of spotting methods"
SETTINGS, RESULT, FEATURES, FOLDS, EVENTS = "settings.json", "comparison.json", "features", "folds", "events.csv"
# Every file of a comparison, by its path in the folder.
WRITTEN = re.compile(rf"{RESULT}|{FEATURES}/[^/]+/[^/]+\.npz|[^/]+/({EVENTS}|{FOLDS}/[^/]+\.json)")
COLUMNS = ("video", "onset", "apex", "offset", "kind", "score")


def compare_spotting(
    videos: Sequence[LongVideo],
    methods: Sequence[str | Spotter] | None = None,
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
            ``recordings``.
        methods: names, or objects like those of SPOTTERS; unless given, all of SPOTTERS.
        out: the folder for comparison.json, the events of each method, and the features of each recording, which may
            be removed afterwards.
        training: fit all methods on these recordings instead of those of the other subjects.
        seed: of networks and of the random guess.
        jobs: worker processes that read the recordings; None for one per core. Scores do not depend on it.
        again: replace the result of other recordings, or make a finished one again.
        progress: as in ``shown_progress``.

    Raises:
        MerlabError: for recordings that cannot be read, an unknown method, fewer than two subjects without
            ``training``, and a folder that holds anything else.

    """
    given = [find_spotter(each) if isinstance(each, str) else each for each in methods or list(SPOTTERS)]
    spotters = list({each.name: each for each in given}.values())
    folds = leave_one_subject_out(videos) if training is None else fitted_elsewhere(videos, training)
    settings = {
        "recordings": _digest([*videos, *(training or ())]),
        "fitted_on": fitted_on(videos, training),
        "seed": seed,
    }
    settings |= {"merlab": __version__, "measured": MEASURED}
    with (
        claimed_folder(
            Path(out), SETTINGS, settings, HOLDS, again=again, is_complete=_is_complete, writes=WRITTEN.fullmatch
        ) as folder,
        shown_progress(progress) as show,
        one_thread(),
    ):
        work = _Work(folder, spotters, folds, kinds_of(videos), seed, jobs, show)
        work.run()
        comparison = _comparison(work, videos, training)
        write_model(folder / RESULT, comparison)
    return comparison


def _is_complete(folder: Path) -> bool:
    return (folder / RESULT).is_file()


@dataclass
class _Work:
    """Every method in every fold; ``materials`` are the recordings that were read, by their source."""

    folder: Path
    spotters: Sequence[Spotter]
    folds: Sequence[Fold]
    kinds: Sequence[Kind]
    seed: int
    jobs: int | None
    progress: Progress
    materials: dict[Path, Material] = field(default_factory=dict)

    def run(self) -> None:
        """Do what is not done yet."""
        left = [(each, fold) for each in self.spotters for fold in self.folds if not self._file(each, fold).is_file()]
        self._read(left)
        here = [(spotter, fold) for spotter, fold in left if not in_processes(spotter)]
        for position, (spotter, fold) in enumerate(here):
            self.progress(position, len(here), f"{spotter.name}: {fold.name}")
            result = fold_result(spotter, fold, self.kinds, self.seed, self._material)
            write_model(self._file(spotter, fold), result)
        self._learn({(spotter.name, fold.name): (spotter, fold) for spotter, fold in left if in_processes(spotter)})

    def _learn(self, left: Mapping[tuple[str, str], tuple[Spotter, Fold]]) -> None:
        """Train networks; the time of a fold is another one than that of other methods."""
        materials = {source: replace(material, curves={}) for source, material in self.materials.items()}
        works = [LearnedFold(name, fold, self.kinds, self.seed, materials) for (name, _), (_, fold) in left.items()]
        if works:
            self.progress(0, len(works), "training networks")
        results = each_in_processes(learned, works, processes(self.jobs))
        for done, result in enumerate(results, start=1):
            write_model(self._file(*left[result.method, result.fold]), result)
            self.progress(done, len(works), f"{result.method}: {result.fold} is done")

    def results(self, spotter: Spotter) -> list[FoldResult]:
        """What a method spotted, fold by fold."""
        return [read_model(self._file(spotter, fold), FoldResult) for fold in self.folds]

    def _read(self, left: Sequence[tuple[Spotter, Fold]]) -> None:
        """Read every recording once, for all features that are needed.

        Raises MerlabError for those that cannot be read, when all others are.
        """
        readings = self._readings(left)
        kept = [each for each in readings if each.is_kept]
        self.materials = {each.video.source: each() for each in kept}
        # The longest first, so that hardly any process is idle at the end.
        missing = sorted((each for each in readings if not each.is_kept), key=lambda each: -each.video.frames)
        done, total = (sum(each.video.frames for each in some) for some in (kept, readings))
        errors: dict[str, MerlabError] = {}
        if missing:
            self.progress(done, total, "frames, reading")
        for video, material in self._read_in_processes(missing, done, total):
            done += video.frames
            self.progress(done, total, f"frames, {video.name} is read")
            if isinstance(material, MerlabError):
                errors[video.name] = material
            else:
                self.materials[video.source] = material
        if errors:
            raise unread(errors)

    def _readings(self, left: Sequence[tuple[Spotter, Fold]]) -> list[Reading]:
        features: dict[Path, dict[str, Feature]] = {}
        for spotter, fold in left:
            for video, feature in needed(spotter, fold, self.kinds):
                features.setdefault(video.source, {})[feature.key] = feature
        places = any(spotter.places for spotter, _ in left)
        tested = {video.source for fold in self.folds for video in fold.test}
        videos = {video.source: video for _, fold in left for video in (*fold.test, *fold.training)}
        return [
            Reading(
                video, tuple(features.get(source, {}).values()), self.folder / FEATURES, places and source in tested
            )
            for source, video in videos.items()
        ]

    def _read_in_processes(
        self, missing: Sequence[Reading], done: int, total: int
    ) -> Iterator[tuple[LongVideo, Material | MerlabError]]:
        """The recordings when they are read; the progress within a recording is shown without processes only."""
        if self.jobs != 1 and len(missing) > 1:
            yield from each_in_processes(read, missing, self.jobs)
            return
        for reading in missing:
            yield read(reading, self._within(done, total, reading.video.name))
            done += reading.video.frames

    def _within(self, before: int, total: int, name: str) -> Progress:
        """The progress within one recording as that within all."""
        return lambda done, _total, _what: self.progress(before + done, total, f"frames, reading {name}")

    def _material(self, video: LongVideo) -> Material:
        return self.materials[video.source]

    def _file(self, spotter: Spotter, fold: Fold) -> Path:
        """The file of a fold; subjects of any name have files of their own."""
        plain = re.sub(r"[^\w.-]", "_", fold.name)[:40]
        digest = hashlib.sha256(fold.name.encode("utf-8", "surrogateescape")).hexdigest()[:6]
        return self.folder / spotter.name / FOLDS / f"{plain}-{digest}.json"


def _comparison(work: _Work, videos: Sequence[LongVideo], training: Sequence[LongVideo] | None) -> SpottingComparison:
    truth, lengths = _truth(videos, work.kinds), _lengths(videos)
    methods, unfitted, whole, damaged, short = [], [], 0, dict[str, int](), list[str]()
    for spotter in work.spotters:
        results = work.results(spotter)
        spotted = _table(results)
        with whole_file(work.folder / spotter.name / EVENTS) as aside:
            spotted.to_csv(aside, index=False)
        of_folds = {each.fold: each.facts for each in results}
        scores = _scores(truth, spotted, lengths, work.kinds)
        whole = max(whole, sum(each.whole_heads for each in results))
        damaged |= {name: count for each in results for name, count in each.damaged.items()}
        short += [short_note(spotter.name, name) for each in results for name in each.too_short]
        unfitted += [each for each in results if spotter.needs_training and not all(each.facts.values())]
        methods.append(
            MethodScores(
                method=spotter.name,
                title=spotter.title,
                paper=spotter.paper,
                fits=spotter.fits,
                facts=of_folds,
                scores=scores,
            )
        )
    events = [event.kind for video in videos for event in video.events]
    return SpottingComparison(
        stamps=_stamps(videos, training, whole),
        fitted_on=fitted_on(videos, training),
        folds=len(work.folds),
        subjects=len(set(map(person_in, videos))),
        videos=len(videos),
        minutes=sum(video.seconds for video in videos) / 60,
        events={kind: events.count(kind) for kind in work.kinds},
        seed=work.seed,
        methods=tuple(methods),
        notes=tuple(
            dict.fromkeys(
                [
                    *unknown_subjects(videos if training is None else ()),
                    *starmap(damage_note, damaged.items()),
                    *short,
                    *map(_unfitted_note, unfitted),
                    *_notes(methods),
                ]
            )
        ),
    )


def _unfitted_note(result: FoldResult) -> str:
    kinds = ", ".join(kind for kind, facts in result.facts.items() if not facts)
    return f"{result.method}, without {result.fold}: no training event of the kind {kinds}, so none is spotted"


def _notes(methods: Sequence[MethodScores]) -> Iterator[str]:
    """The notes on the scores of each method."""
    for method in methods:
        yield from (f"{method.method}: {note}" for note in method.scores.notes)


def _stamps(videos: Sequence[LongVideo], training: Sequence[LongVideo] | None, whole_heads: int) -> tuple[str, ...]:
    stamps = [SYNTHETIC] if any(video.name.startswith(SYNTHETIC) for video in videos) else []
    if training and any(video.name.startswith(SYNTHETIC) for video in training) and not stamps:
        stamps.append(f"{SYNTHETIC} TRAINING: fitted on synthetic recordings")
    if whole_heads:
        stamps.append(WHOLE_HEADS)
    return tuple(stamps)


def _scores(truth: pd.DataFrame, spotted: pd.DataFrame, lengths: pd.DataFrame, kinds: Sequence[Kind]) -> SpottingScores:
    """The scores; kinds are scored apart if there are several."""
    left_out = ["score"] if len(kinds) > 1 else ["score", "kind"]
    return score_spotting(truth, spotted.drop(columns=left_out), videos=lengths)


def _truth(videos: Sequence[LongVideo], kinds: Sequence[Kind]) -> pd.DataFrame:
    rows = [
        (video.name, event.onset, event.apex, event.offset, event.kind) for video in videos for event in video.events
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1])).astype({"apex": "Int64"})
    # Some databases code a movement twice, with different apexes.
    table = table.drop_duplicates(["video", "onset", "offset", "kind"]).reset_index(drop=True)
    return table if len(kinds) > 1 else table.drop(columns="kind")


def _lengths(videos: Sequence[LongVideo]) -> pd.DataFrame:
    columns = ("name", "seconds", "fps", "source")
    table = pd.DataFrame([[getattr(each, column) for column in columns] for each in videos], columns=list(columns))
    return table.rename(columns={"name": "video"})


def _table(results: Sequence[FoldResult]) -> pd.DataFrame:
    rows = [[getattr(event, column) for column in COLUMNS] for each in results for event in each.events]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _digest(videos: Sequence[LongVideo]) -> str:
    """A digest of the recordings and their events."""
    described = [
        (each.name, each.subject, str(each.source.resolve()), each.fps, each.frames, list(map(repr, each.events)))
        for each in videos
    ]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]

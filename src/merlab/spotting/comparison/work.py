"""The work of a comparison: every recording is read, and every method is fitted and spots in every fold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from merlab.databases.long_video import Kind, LongVideo
from merlab.errors import MerlabError
from merlab.json_models import read_model, write_model
from merlab.processes.pool import Workers, shared_workers
from merlab.progress import Progress
from merlab.spotting.comparison import code_of
from merlab.spotting.comparison.folds import Fold, fold_result, needed
from merlab.spotting.comparison.learning import LearnedFold, in_processes, learned, named, processes
from merlab.spotting.comparison.measured_recording import MeasuredRecording, RecordingToRead, read, unread
from merlab.spotting.comparison.recording import OwnFeature
from merlab.spotting.comparison.results import FoldResult
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Spotter

# Folders below that of a comparison: of all features, and of the folds of each method.
FEATURES, FOLDS = "features", "folds"


@dataclass
class Work:
    """Every method in every fold; ``materials`` are the recordings that were read, by their source."""

    folder: Path
    spotters: Sequence[Spotter]
    folds: Sequence[Fold]
    kinds: Sequence[Kind]
    seed: int
    jobs: int | None
    progress: Progress
    materials: dict[Path, MeasuredRecording] = field(default_factory=dict)

    def run(self) -> None:
        """Do what is not done yet."""
        left = [(each, fold) for each in self.spotters for fold in self.folds if not self._is_done(each, fold)]
        here = [(spotter, fold) for spotter, fold in left if not in_processes(spotter)]
        learning = {(spotter.name, fold.name): (spotter, fold) for spotter, fold in left if in_processes(spotter)}
        with shared_workers(self.jobs) as workers:
            self._read(left, workers)
            self._spot(here)
            self._learn(learning, workers)

    def _spot(self, here: Sequence[tuple[Spotter, Fold]]) -> None:
        """Fit and spot in this process."""
        for position, (spotter, fold) in enumerate(here):
            self.progress(position, len(here), f"{spotter.name}: {fold.name}")
            result = fold_result(spotter, fold, self.kinds, self.seed, self._material)
            self._write(spotter, fold, result)

    def _learn(self, left: Mapping[tuple[str, str], tuple[Spotter, Fold]], workers: Workers) -> None:
        """Fit methods that learn; the time of a fold is another one than that of other methods."""
        materials = {source: replace(material, curves={}) for source, material in self.materials.items()}
        works = [LearnedFold(named(each), fold, self.kinds, self.seed, materials) for each, fold in left.values()]
        if works:
            self.progress(0, len(works), "training")
        results = workers.each(learned, works, processes(self.jobs))
        for done, result in enumerate(results, start=1):
            self._write(*left[result.method, result.fold], result)
            self.progress(done, len(works), f"{result.method}: {result.fold} is done")

    def results(self, spotter: Spotter) -> list[FoldResult]:
        """What a method spotted, fold by fold."""
        return [read_model(self._file(spotter, fold), FoldResult) for fold in self.folds]

    def _read(self, left: Sequence[tuple[Spotter, Fold]], workers: Workers) -> None:
        """Read every recording once, for all features that are needed.

        Raises MerlabError for those that cannot be read, when all others are.
        """
        wanted = self._wanted(left)
        kept = [each for each in wanted if each.is_kept]
        self.materials = {each.video.source: each() for each in kept}
        # The longest first, so that hardly any process is idle at the end.
        missing = sorted((each for each in wanted if not each.is_kept), key=lambda each: -each.video.frames)
        done, total = (sum(each.video.frames for each in some) for some in (kept, wanted))
        errors: dict[str, MerlabError] = {}
        if missing:
            self.progress(done, total, "frames, reading")
        for video, material in self._read_each(missing, workers, done, total):
            done += video.frames
            self.progress(done, total, f"frames, {video.name} is read")
            if isinstance(material, MerlabError):
                errors[video.name] = material
            else:
                self.materials[video.source] = material
        if errors:
            raise unread(errors)

    def _wanted(self, left: Sequence[tuple[Spotter, Fold]]) -> list[RecordingToRead]:
        features: dict[Path, dict[str, Feature | OwnFeature]] = {}
        for spotter, fold in left:
            for video, feature in needed(spotter, fold, self.kinds):
                features.setdefault(video.source, {})[feature.key] = feature
        places = any(spotter.places for spotter, _ in left)
        tested = {video.source for fold in self.folds for video in fold.test}
        videos = {video.source: video for _, fold in left for video in (*fold.test, *fold.training)}
        return [
            RecordingToRead(
                video, tuple(features.get(source, {}).values()), self.folder / FEATURES, places and source in tested
            )
            for source, video in videos.items()
        ]

    def _read_each(
        self, missing: Sequence[RecordingToRead], workers: Workers, done: int, total: int
    ) -> Iterator[tuple[LongVideo, MeasuredRecording | MerlabError]]:
        """The recordings when they are read; the progress within a recording is shown without processes only."""
        if workers.processes > 1 and len(missing) > 1:
            yield from workers.each(read, missing)
            return
        for recording in missing:
            yield read(recording, self._within(done, total, recording.video.name))
            done += recording.video.frames

    def _within(self, before: int, total: int, name: str) -> Progress:
        """The progress within one recording as that within all."""
        return lambda done, _total, _what: self.progress(before + done, total, f"frames, reading {name}")

    def _material(self, video: LongVideo) -> MeasuredRecording:
        return self.materials[video.source]

    def _is_done(self, spotter: Spotter, fold: Fold) -> bool:
        """Whether a fold is stored, for the same code where the method is your own."""
        path = self._file(spotter, fold)
        return path.is_file() and read_model(path, FoldResult).code == code_of(spotter)

    def _write(self, spotter: Spotter, fold: Fold, result: FoldResult) -> None:
        write_model(self._file(spotter, fold), result.model_copy(update={"code": code_of(spotter)}))

    def _file(self, spotter: Spotter, fold: Fold) -> Path:
        """The file of a fold; subjects of any name have files of their own."""
        plain = re.sub(r"[^\w.-]", "_", fold.name)[:40]
        digest = hashlib.sha256(fold.name.encode("utf-8", "surrogateescape")).hexdigest()[:6]
        return self.folder / spotter.name / FOLDS / f"{plain}-{digest}.json"

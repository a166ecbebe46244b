"""Where a reproduction is measured: the clips, how long networks train, and one run folder that all tables share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from merlab.api import evaluate_study
from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation.engines import Engine, LocalEngine
from merlab.evaluation.seeds import as_seeds
from merlab.evaluation.study import MethodSetup, Study
from merlab.evaluation.summary import MethodSummary
from merlab.faces.alignment import FaceFinding
from merlab.inputs import make_input
from merlab.methods import find_method
from merlab.outputs.claims import only_elsewhere
from merlab.progress import Progress, silent
from merlab.reproduction.expected_cost import expected_cost_text
from merlab.schemes import find_scheme
from merlab.spelling import counted
from merlab.synthesis import make_faces

STAND_IN = "synthetic"
# The stand-in is not a copy of CASME II: large enough that every fold trains on every class, small enough for minutes.
SUBJECTS, CLIPS, FOLDS = 10, 80, 4
SHORT_SEEDS, REPORTED_SEEDS = 2, 5
PAPERS_DATABASE, PAPERS_SCHEME = "casme2", "casme2-5-merged"
OTHER_SCHEME = "megc2019"
RUN_FOLDER = "run"


def unannounced(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Bench:
    """The clips and settings of a reproduction; every table of one ``out`` is measured on the same clips and folds.

    ``table`` is the file of the coding table; ``aligned`` states that the frames show aligned faces. Without ``root``
    the clips are SYNTHETIC faces, made in ``out``. ``full`` takes the published presets and five seeds, else reduced
    presets and two. ``epochs`` and ``seeds`` replace both. ``leak_method`` is the network whose leak is measured.
    ``rows`` are the only rows of Table 8 that are measured, where there are any. ``image`` is the picture in which
    ``finding`` finds a face for Figure 3. ``announce`` is called with what a full reproduction will cost, before it
    starts.
    """

    out: Path
    database: str = STAND_IN
    root: Path | None = None
    table: Path | None = None
    aligned: bool = False
    scheme: str | None = None
    protocol: str | None = None
    full: bool = False
    epochs: int | None = None
    seeds: int | None = None
    leak_method: str = "off-apexnet"
    rows: tuple[str, ...] = ()
    image: Path | None = None
    finding: FaceFinding = field(default_factory=FaceFinding)
    engine: Engine = field(default_factory=LocalEngine)
    cache: Path | None = None
    progress: Progress = silent
    announce: Callable[[str], None] = unannounced

    def __post_init__(self) -> None:
        if self.root is None and self.database != STAND_IN:
            raise MerlabError(f"--database {self.database} needs its folder; add --root FOLDER")
        if self.root is None and (self.table is not None or self.aligned):
            raise MerlabError("--table and --aligned describe a database; add --database and --root, or leave them out")

    @property
    def seed_count(self) -> int:
        """How many seeds each method runs with."""
        return self.seeds or (REPORTED_SEEDS if self.full else SHORT_SEEDS)

    @property
    def label_scheme(self) -> str:
        """The paper's five classes on CASME II and its stand-in, MEGC2019's three elsewhere, unless one is named."""
        papers = self.database in {PAPERS_DATABASE, STAND_IN}
        return self.scheme or (PAPERS_SCHEME if papers else OTHER_SCHEME)

    @property
    def split(self) -> str:
        """Leave one subject out; on the stand-in folds that share no subject, unless another protocol is named."""
        return self.protocol or ("kfold" if self.database == STAND_IN else "loso")

    @cached_property
    def folder(self) -> Path:
        """The database's folder; synthetic faces are made on first use."""
        if self.root is not None:
            return self.root
        faces = self.out / "faces"
        with only_elsewhere(self.out):
            make_faces(faces, subjects=SUBJECTS, clips=CLIPS, progress=self.progress)
        return faces

    @cached_property
    def clips(self) -> ClipTable:
        """The usable clips of the database."""
        return load(self.database, self.folder, table=self.table, aligned=True if self.aligned else None)

    @property
    def preset(self) -> str | None:
        """``paper`` for a full reproduction, else None: each method's own choice for these clips."""
        return "paper" if self.full else None

    def setup(self, method: str, training: Mapping[str, Any] | None = None) -> MethodSetup:
        """A method as the tables measure it, with ``training`` settings that replace the preset's."""
        return MethodSetup(method=find_method(method), preset=self.preset, training=self.trained(training or {}))

    def trained(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Training settings with the bench's number of epochs, where it has one."""
        return {**training, **({"epochs": self.epochs} if self.epochs else {})}

    def refusal(self, method: str) -> str | None:
        """Why this method cannot be measured on these clips (the message of the error); None if it can."""
        try:
            (entry,) = self._study([self.setup(method)]).plan().entries
            make_input(self.clips, self.clips.clips[0], entry.recipe)
        except MerlabError as error:
            return str(error)
        return None

    def measure(self, setups: Sequence[MethodSetup], run: str = RUN_FOLDER) -> dict[str, MethodSummary]:
        """The summaries of methods by name, from the run folder ``run`` in ``out``.

        What an earlier reproduction in the same ``out`` measured with the same settings is not measured again.
        """
        study = self._study(setups)
        if self.full and (cost := expected_cost_text(study.plan())):
            self.announce(cost)
        results = evaluate_study(study, self.out / run, engine=self.engine, cache=self.cache, progress=self.progress)
        return {summary.method: summary for summary in results.summaries}

    def measured_on(self, summaries: Mapping[str, MethodSummary]) -> str:
        """A note on the clips, classes, folds, seeds and epochs of what was measured, for a table on its own."""
        summary = next(iter(summaries.values()))
        folds = f" of {FOLDS} folds" if self.split == "kfold" else ""
        shorter = f", {counted(self.epochs, 'epoch')} instead of the presets' own" if self.epochs else ""
        return (
            f"Measured on {self.database}: {counted(summary.clips, 'clip')} of {counted(summary.subjects, 'subject')}, "
            f"{len(summary.classes)} classes of {find_scheme(self.label_scheme).name}, {self.split}{folds}, "
            f"{counted(self.seed_count, 'seed')}{shorter}."
        )

    def _study(self, setups: Sequence[MethodSetup]) -> Study:
        return Study(
            clips=self.clips,
            scheme=find_scheme(self.label_scheme),
            protocol=self.split,
            folds=FOLDS if self.split == "kfold" else None,
            methods=tuple(setups),
            seeds=as_seeds(self.seed_count),
        )

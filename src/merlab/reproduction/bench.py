"""Where a reproduction is measured: the clips, how long networks train, and one run folder that all tables share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from merlab.clips import ClipTable
from merlab.databases import find_database
from merlab.databases.database import load_clips
from merlab.errors import MerlabError
from merlab.evaluation.engines import Engine, LocalEngine
from merlab.evaluation.experiment import evaluate
from merlab.evaluation.plan import default_preset, make_entry, plan_run
from merlab.faces.alignment import FaceFinding
from merlab.inputs import make_input
from merlab.methods import find_method
from merlab.progress import Progress, silent
from merlab.reports.html import write_report
from merlab.synthesis import make_faces

STAND_IN = "synthetic"
# A stand-in is no copy of CASME II: large enough that every fold trains on every class, small enough for minutes.
SUBJECTS, CLIPS, FOLDS = 10, 80, 4
SHORT_SEEDS, REPORTED_SEEDS = 2, 5
PAPERS_DATABASE, PAPERS_SCHEME = "casme2", "casme2-5-merged"
OTHER_SCHEME = "megc2019"
RUN_FOLDER = "run"


@dataclass(frozen=True)
class Bench:
    """The clips and settings of a reproduction; every table of one ``out`` is measured on the same clips and folds.

    Without ``root`` the clips are SYNTHETIC faces, made in ``out``. ``full`` takes the published presets and five
    seeds, else reduced presets and two. ``epochs`` and ``seeds`` replace either's. ``leak_method``
    is the network whose leak is measured; ``image`` the picture in which ``finding``
    finds a face for Figure 3.
    """

    out: Path
    database: str = STAND_IN
    root: Path | None = None
    scheme: str | None = None
    protocol: str | None = None
    full: bool = False
    epochs: int | None = None
    seeds: int | None = None
    leak_method: str = "off-apexnet"
    image: Path | None = None
    finding: FaceFinding = field(default_factory=FaceFinding)
    engine: Engine = field(default_factory=LocalEngine)
    cache: Path | None = None
    progress: Progress = silent

    def __post_init__(self) -> None:
        if self.root is None and self.database != STAND_IN:
            raise MerlabError(f"--database {self.database} needs its folder; add --root FOLDER")

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
        make_faces(faces, subjects=SUBJECTS, clips=CLIPS, progress=self.progress)
        return faces

    @cached_property
    def clips(self) -> ClipTable:
        """The usable clips of the database."""
        return load_clips(find_database(self.database), self.folder)

    @property
    def preset(self) -> str | None:
        """``paper`` for a full reproduction, else None: each method's own choice for these clips."""
        return "paper" if self.full else None

    def refusal(self, method: str) -> str | None:
        """Why these clips cannot be this method's input, in the input's own words; None where they can."""
        try:
            preset = self.preset or default_preset(find_method(method), self.clips)
            make_input(self.clips, self.clips.clips[0], make_entry(method, preset, [0]).recipe)
        except MerlabError as error:
            return str(error)
        return None

    def measure(
        self,
        methods: Sequence[str],
        *,
        input_text: str | None = None,
        settings: Mapping[str, Any] | None = None,
        network: Mapping[str, Any] | None = None,
        run: str = RUN_FOLDER,
    ) -> dict[str, dict[str, Any]]:
        """The metrics of methods by name (see ``summarize_run``), from the run folder ``out/run``.

        What an earlier reproduction in the same ``out`` measured with the same settings is not measured again.
        """
        folder = self.out / run
        plan, sources = plan_run(
            methods,
            sources=[(self.database, self.folder)],
            scheme=self.label_scheme,
            protocol=self.split,
            folds=FOLDS,
            input_text=input_text,
            preset=self.preset,
            settings={**(settings or {}), **({"epochs": self.epochs} if self.epochs else {})},
            network=network,
            seeds=range(self.seed_count),
        )
        summaries = evaluate(
            plan, folder, databases=sources, cache=self.cache, engine=self.engine, progress=self.progress
        )
        write_report(folder)
        return {summary["method"]: summary for summary in summaries if summary["method"] in methods}

"""The content of run.json: what was run, on which clips, with which settings and versions."""

from __future__ import annotations

import warnings
from collections import Counter
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import BaseModel

from merlab.clips import Source
from merlab.json_models import has_digest, read_model
from merlab.spelling import counted


class DatabaseFacts(BaseModel):
    """A database as it was read: its registry name, its folder or file, and what its reader found there.

    ``options`` are the options with which it was read, as on the command line.
    """

    name: str
    root: str
    facts: dict[str, str]
    options: list[str] = []

    @classmethod
    def of(cls, source: Source) -> DatabaseFacts:
        """The facts of a source of clips."""
        return cls(name=source.name, root=str(source.root), facts=dict(source.facts), options=list(source.options))

    @property
    def shareable(self) -> dict[str, str]:
        """The facts for readers elsewhere: without the folders of this machine, files keep their names."""
        return {key: self._without_folders(value) for key, value in self.facts.items()}

    def _without_folders(self, value: str) -> str:
        # The run may be one of another system.
        for kind, separator in ((PurePosixPath, "/"), (PureWindowsPath, "\\")):
            root = kind(self.root)
            if root.is_absolute():
                value = value.replace(f"{root}{separator}", "")
            if kind(value).is_absolute():
                value = kind(value).name
        return value


class DataFacts(BaseModel):
    """Clips, classes and folds of a run; ``left_out`` counts the clips outside the scheme by reason.

    ``labels`` maps label to class where the scheme is your own. ``changes`` maps each clip whose frame numbers its
    reader changed, completed or doubted to the reader's note. ``digest`` identifies clips, labels and folds. ``tested``
    is the number of clips that some fold tests, 0 where an earlier merlab did not state it. ``untrained`` counts, by
    class, the test clips of a class that no training clip of their fold has.
    """

    scheme: str
    scheme_description: str
    classes: list[str]
    labels: dict[str, str] | None = None
    protocol: str
    folds: int
    clips: int
    subjects: int
    clips_per_class: dict[str, int]
    clips_per_database: dict[str, int]
    left_out: dict[str, int]
    apex_sources: dict[str, int]
    changes: dict[str, str] = {}
    stamps: list[str]
    digest: str = ""
    tested: int = 0
    untrained: dict[str, int] = {}

    @property
    def to_predict(self) -> int | None:
        """How many clips each method and seed must predict; None where an earlier merlab did not state it.

        Only where a database is held out, clips may be used for training alone.
        """
        return self.tested or (None if self.protocol == "hold-out-database" else self.clips)

    @property
    def shareable(self) -> DataFacts:
        """The same without single clips: ``changes`` has the number of changed clips of each database."""
        counts = Counter(clip.partition("/")[0] for clip in self.changes)
        return self.model_copy(update={"changes": {name: counted(count, "clip") for name, count in counts.items()}})


class FittedFacts(BaseModel):
    """What of a published network fitted a network of merlab.

    ``layout`` is the published network. ``taken`` counts the tensors that were taken as they are; ``adapted`` are those
    whose channels or positions were adapted. ``left_out`` are layers of the file that the network does not have;
    ``random`` are layers of the network that are not in the file and have random weights.
    """

    layout: str
    taken: int
    adapted: list[str]
    left_out: list[str]
    random: list[str]


class StartFacts(BaseModel):
    """A network whose weights training started from.

    ``name`` and ``sha256`` are of its file, which may hold several; ``digest`` is of its tensors alone. ``databases``
    are those of its training clips; none where they were merlab's synthetic faces alone. ``fitted`` is given for a file
    that is not merlab's.
    """

    name: str
    sha256: str
    digest: str
    method: str
    databases: list[str] = []
    fitted: FittedFacts | None = None


class SyntheticFlowFacts(BaseModel):
    """A folder of synthetic flow that was used in training: its name, the digest of its content, and its size."""

    name: str
    digest: str
    subjects: int
    clips: int


class MethodFacts(BaseModel):
    """One method of a run with everything that was set; ``settings`` is None for a method that trains no network.

    ``origin`` states how a method or a kind of input of your own was passed: ``FILE.py:NAME``, the name of a method of
    an installed package, or ``object`` from Python; it is empty for merlab's. ``key`` is the run key under which its
    predictions are stored, and ``inputs`` the digest of its inputs, empty in records of 0.2.0. ``starts`` and
    ``synthetic`` are what its training used beside the clips of the run.
    """

    method: str
    title: str
    paper: str
    preset: str
    preset_source: str
    network: dict[str, Any]
    settings: dict[str, Any] | None
    input: str
    inputs: str = ""
    seeds: list[int]
    stamps: list[str]
    origin: str = ""
    key: str = ""
    starts: list[StartFacts] = []
    synthetic: SyntheticFlowFacts | None = None

    @property
    def start_files(self) -> dict[str, str]:
        """The name of each file of weights that training started from, by the SHA-256 of the file."""
        return {start.sha256: start.name for start in self.starts}

    @property
    def needs_files(self) -> bool:
        """Whether it cannot be run again from this record alone: its own code, a start or synthetic flow is needed."""
        return bool(self.origin or self.starts or self.synthetic)


class RunRecord(BaseModel):
    """The content of run.json.

    ``sealed`` says that all files of predictions have a digest; the first merlab wrote none.
    """

    started: datetime
    databases: list[DatabaseFacts]
    data: DataFacts
    methods: list[MethodFacts]
    versions: dict[str, str]
    hardware: str
    sealed: bool = False


def read_record(path: Path) -> RunRecord:
    """The content of a run.json; raises MerlabError where merlab did not write it.

    Where it has no digest, a changed stamp or setting would not be noticed; there is a warning then.
    """
    record = read_model(path, RunRecord, "was not written by this version of merlab")
    if not has_digest(path):
        by = "another program removed it" if record.sealed else "an earlier merlab wrote it, or it was removed"
        warnings.warn(
            f"{path} has no digest ({by}), so that changed settings and stamps cannot be noticed; run `merlab "
            "evaluate` again where they matter",
            stacklevel=3,
        )
    return record

"""The intervals that a comparison method spotted in a video, as objects and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from merlab.json_models import FrozenModel, read_model, write_model
from merlab.outputs.claims import require_same, warn_of_other_versions
from merlab.outputs.kept_arrays import computing_versions
from merlab.sinks import CsvSink
from merlab.spotting.columns import Columns
from merlab.spotting.moments_row import Moments, OfVideo
from merlab.spotting.tables_of_all import EVENTS
from merlab.storage import whole_folder

METADATA = "method.json"
HOLDS = "results of `merlab spot --method`"


@dataclass(frozen=True)
class MethodEvent(Moments, OfVideo):
    """One row of events.csv: a spotted interval, its kind last; ``score`` is in units of the method."""

    kind: str


METHOD_ROWS = Columns(MethodEvent)


class MethodRequest(FrozenModel):
    """Everything that determines the result: the file and its state, the method, and what it was fitted to.

    ``recordings`` is a digest of those, ``code`` the fingerprint of a method that is not one of merlab's,
    ``computed`` the way in which methods compute; 1 in results that do not state it.
    """

    source: str
    bytes: int
    modified_ns: int
    fps: float
    method: str
    train: str | None
    p: float | None
    seed: int
    merlab: str
    recordings: str = ""
    code: str = ""
    computed: int = 1


class MethodMetadata(FrozenModel):
    """The content of method.json; ``facts`` is what was fitted or assumed, such as ``p``.

    ``name`` is that of the source, which may be a link; ``versions`` are those of the libraries that compute. Results
    of earlier versions state neither.
    """

    name: str = ""
    requested: MethodRequest
    seconds: float
    facts: dict[str, float]
    warnings: tuple[str, ...]
    versions: Mapping[str, str] = {}


@dataclass(frozen=True, eq=False)
class MethodResult:
    """The intervals that a comparison method spotted in a video; ``folder`` holds events.csv and method.json."""

    folder: Path
    rows: tuple[MethodEvent, ...]
    metadata: MethodMetadata

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per interval, with the columns of MethodEvent."""
        return METHOD_ROWS.table(self.rows)

    @property
    def video(self) -> str:
        """The name of the source."""
        return self.metadata.name or Path(self.metadata.requested.source).name


def versions_of_methods() -> dict[str, str]:
    """The versions of the libraries that give the intervals of a method."""
    return {**{name: version(name) for name in ("torch", "scipy")}, **computing_versions()}


def write_result(out: Path, rows: Sequence[MethodEvent], metadata: MethodMetadata) -> MethodResult:
    """Write events.csv and method.json into ``out``, both or none of them."""
    with whole_folder(out) as aside:
        with CsvSink(aside / EVENTS, METHOD_ROWS.names) as events:
            for row in rows:
                events.write(METHOD_ROWS.row(row))
        write_model(aside / METADATA, metadata)
    return MethodResult(out, tuple(rows), metadata)


def stored_result(out: Path, request: MethodRequest) -> MethodResult | None:
    """The result where it is finished, with a warning where other libraries made it.

    Raises MerlabError where ``out`` holds one of other settings.
    """
    if not (out / METADATA).is_file():
        return None
    metadata = read_model(out / METADATA, MethodMetadata)
    require_same(out, metadata.requested.model_dump(mode="json"), request.model_dump(mode="json"), HOLDS)
    if metadata.versions:
        warn_of_other_versions(out, metadata.versions, versions_of_methods())
    return MethodResult(out, tuple(METHOD_ROWS.read(out / EVENTS)), metadata)

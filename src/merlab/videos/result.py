"""The result of ``merlab recognize`` for one video: its files, as objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, RootModel

from merlab.errors import MerlabError
from merlab.given import as_path, is_whole, require_folder
from merlab.json_models import read_model
from merlab.registry import look_up
from merlab.spelling import counted, tenths_of_seconds
from merlab.spotting import tables_of_all
from merlab.spotting.curve import Curve, score_curve
from merlab.spotting.display import result_html
from merlab.videos.frame_table import read_frame_table
from merlab.videos.metadata import VideoMetadata
from merlab.videos.moved import parts_of, units_of
from merlab.videos.rows import WEAK_ROWS, Event, WeakEvent, event_rows
from merlab.videos.words import WordSettings, sentence_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FRAMES, METADATA = "frames.csv", "metadata.json"
EVENTS, WEAK = tables_of_all.EVENTS, tables_of_all.WEAK
REPORT, OVERLAY, ELAN = "report.html", "overlay.mp4", "events.eaf"
# One folder per event under EVIDENCE, with the event's name: the two faces, the movement between them as a color
# picture, and maps.json, which lists the map pictures of the recognizer beside it.
EVIDENCE = "events"
ONSET_PICTURE, APEX_PICTURE, FLOW_PICTURE, MAPS = "onset.png", "apex.png", "flow.png", "maps.json"
# On request, there is also the input of the recognizer.
INPUTS = "inputs.npz"
REGIONS, ACTION_UNITS = "regions.csv", "action_units.csv"
# How ELAN draws the curves under CURVES, one time series per face.
ELAN_CURVES, CURVES = "events_tsconf.xml", "curves"

# The columns of frames.csv that make a curve.
SCORES = ["time_s", "score", "threshold"]
# The columns of events.csv that a notebook shows.
SHOWN = ["event", "face_id", "apex_s", "duration_s", "kind", "class", "probability", "withheld", "part", "action_units"]


RowOfFace = TypeVar("RowOfFace", Event, WeakEvent)


class MapPicture(BaseModel):
    """A map of the recognizer as a picture: its title, its file, and the values at the ends of its color scale."""

    title: str
    file: str
    low: float
    high: float


class MapPictures(RootModel[tuple[MapPicture, ...]]):
    """The content of maps.json."""


@dataclass(frozen=True)
class ResultFiles:
    """The files of a result; ``overlay`` is None where it was not requested."""

    events: Path
    weak: Path
    frames: Path
    metadata: Path
    report: Path
    elan: Path
    elan_curves: Path
    regions: Path
    action_units: Path
    overlay: Path | None


@dataclass(frozen=True, eq=False)
class VideoResult:
    """The result of ``merlab.recognize``.

    Attributes:
        folder: where its files are.
        rows: the events, by onset.
        weak_rows: the weak candidates, by onset: too uncertain to be counted as events.
        frames: one row per frame and face, with the columns of frames.csv.
        metadata: what was read, by which model, versions and settings.

    """

    folder: Path
    rows: tuple[Event, ...]
    weak_rows: tuple[WeakEvent, ...]
    frames: pd.DataFrame
    metadata: VideoMetadata

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per event, with the columns of Event; ``p_CLASS`` is the probability of a class."""
        return event_rows(self.metadata.model.classes).table(self.rows)

    @cached_property
    def weak(self) -> pd.DataFrame:
        """One row per weak candidate, with the columns of WeakEvent."""
        return WEAK_ROWS.table(self.weak_rows)

    @property
    def regions(self) -> pd.DataFrame:
        """What moved in each event: one row per event and part of the face, with its movement in px and direction."""
        import pandas as pd

        rows = [(row.event, row.face_id, *part) for row in self.rows for part in parts_of(row.regions)]
        return pd.DataFrame(rows, columns=["event", "face_id", "part", "px", "direction"])

    @property
    def action_units(self) -> pd.DataFrame:
        """The action units that each event is consistent with: one row per event and unit, with its strength in px.

        ``side`` is empty where both sides move, and for units without sides.
        """
        import pandas as pd

        rows = [
            (row.event, row.face_id, unit.unit, unit.side, unit.name, unit.px)
            for row in self.rows
            for unit in units_of(row.action_units)
        ]
        return pd.DataFrame(rows, columns=["event", "face_id", "action_unit", "side", "name", "px"])

    @property
    def warnings(self) -> list[str]:
        """What limits the result, in sentences."""
        return list(self.metadata.warnings)

    @property
    def files(self) -> ResultFiles:
        """The paths of the files."""
        return ResultFiles(
            events=self.folder / EVENTS,
            weak=self.folder / WEAK,
            frames=self.folder / FRAMES,
            metadata=self.folder / METADATA,
            report=self.folder / REPORT,
            elan=self.folder / ELAN,
            elan_curves=self.folder / ELAN_CURVES,
            regions=self.folder / REGIONS,
            action_units=self.folder / ACTION_UNITS,
            overlay=self.folder / OVERLAY if self.metadata.settings.overlay != "none" else None,
        )

    def evidence(self, event: str) -> Path:
        """The folder of an event's pictures: onset.png, apex.png, flow.png and the maps of the recognizer.

        Raises MerlabError for an event that the result does not have.
        """
        return self.folder / EVIDENCE / look_up(event, self._names, "event")

    def maps(self, event: str) -> tuple[MapPicture, ...]:
        """The maps of the recognizer in an event's folder."""
        path = self.evidence(event) / MAPS
        return read_model(path, MapPictures).root if path.is_file() else ()

    def scores_of(self, face_id: int) -> pd.DataFrame:
        """The columns time_s, score and threshold of ``frames``, in the rows of a face.

        This and the next functions raise MerlabError for a face that the result does not have.
        """
        return self._scores.get(self._face(face_id), self.frames[SCORES].iloc[:0])

    def curve(self, face_id: int) -> Curve:
        """The score of a face over time."""
        return score_curve(self.scores_of(face_id))

    def rows_of(self, face_id: int) -> list[Event]:
        """The events of a face."""
        return self._rows.get(self._face(face_id), [])

    def weak_rows_of(self, face_id: int) -> list[WeakEvent]:
        """The weak candidates of a face."""
        return self._weak_rows.get(self._face(face_id), [])

    def _face(self, face_id: int) -> int:
        if not (is_whole(face_id) and face_id in self._faces):
            faces = ", ".join(map(str, self._faces)) or "none"
            raise MerlabError(f"the result has no face {face_id!r}; its faces are {faces}")
        return face_id

    # A recording with cuts has hundreds of faces and events: to search all rows for each takes too long.
    @cached_property
    def _faces(self) -> dict[int, None]:
        return dict.fromkeys(face.face_id for face in self.metadata.faces)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {row.event: row.event for row in self.rows}

    @cached_property
    def _scores(self) -> dict[int, pd.DataFrame]:
        return {int(str(face)): rows for face, rows in self.frames.groupby("face_id")[SCORES]}

    @cached_property
    def _rows(self) -> dict[int, list[Event]]:
        return _by_face(self.rows)

    @cached_property
    def _weak_rows(self) -> dict[int, list[WeakEvent]]:
        return _by_face(self.weak_rows)

    def plot(self) -> Figure:
        """Score and threshold of each face over time, its events shaded with their classes; a matplotlib Figure."""
        from merlab.spotting.figure import Panel, Shade, score_figure

        panels = []
        for face in self.metadata.faces:
            shades = [Shade(row.onset_s, row.offset_s, row.kind, row.class_text) for row in self.rows_of(face.face_id)]
            panels.append(Panel(f"face {face.face_id}", self.curve(face.face_id), shades))
        video = self.metadata.video
        return score_figure(f"{video.name}{self._stamps}", panels, video.start_s, video.end_s)

    def __repr__(self) -> str:
        return f"VideoResult of {self._facts}\nfolder: {self.folder}"

    def _repr_html_(self) -> str:
        return result_html(self._facts, self.metadata.stamps, self.events[SHOWN], self.warnings, self.files.report)

    @property
    def _stamps(self) -> str:
        return f" [{', '.join(self.metadata.named_stamps)}]" if self.metadata.stamps else ""

    @property
    def _facts(self) -> str:
        video, classed = self.metadata.video, sum(bool(row.label) for row in self.rows)
        faces, events = counted(len(self.metadata.faces), "face"), counted(len(self.rows), "event")
        return f"{video.name}: {tenths_of_seconds(video.seconds)} s, {faces}, {events} ({classed} with a class)"


def _by_face(rows: Iterable[RowOfFace]) -> dict[int, list[RowOfFace]]:
    of_face = defaultdict(list)
    for row in rows:
        of_face[row.face_id].append(row)
    return dict(of_face)


def withheld_sentences(row: Event, metadata: VideoMetadata) -> list[str]:
    """Why the class of an event is not named, one plain sentence for each reason."""
    settings, fps = metadata.settings, metadata.video.fps
    limits = settings.words or WordSettings()
    return [sentence_of(reason, settings.unsure_below, fps, limits) for reason in row.reasons]


def read_video_result(folder: Path | str) -> VideoResult:
    """The finished result in a folder; raises MerlabError where there is none."""
    folder = as_path(folder, "folder")
    require_folder(folder, "give the folder of a result of `merlab recognize`")
    if not (folder / METADATA).is_file():
        raise MerlabError(f"{folder} contains no finished result of `merlab recognize`")
    metadata = read_model(folder / METADATA, VideoMetadata)
    rows = event_rows(metadata.model.classes).read(folder / EVENTS)
    # A result of an earlier version has no table of weak candidates.
    weak = WEAK_ROWS.read(folder / WEAK) if (folder / WEAK).is_file() else []
    return VideoResult(folder, tuple(rows), tuple(weak), read_frame_table(folder / FRAMES), metadata)

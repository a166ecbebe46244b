"""Who is compared: the coders of results, of tables of coded events and of .eaf files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, isclose
from pathlib import Path

from merlab.coding.agreement.frame_doubts import frame_doubts
from merlab.coding.agreement.rated import RatedEvent, RatedVideo, Rater, Raters, rated, rated_row
from merlab.coding.agreement.rater_doubts import rater_doubts, require_inside
from merlab.coding.codable_result import CodableResult, MachineEvent, composed, read_codable
from merlab.coding.decisions import NO_INITIALS, is_rejection
from merlab.coding.elan_events import Placed, coder_of
from merlab.coding.elan_import import (
    chosen_medium,
    chosen_tiers,
    face_of,
    is_of_others,
    notes_on_tiers,
)
from merlab.coding.events import coded_events
from merlab.coding.file import read_coding, whole_number
from merlab.coding.found_events import FoundEvent
from merlab.coding.frame_clock import FrameClock
from merlab.coding.importing import ELAN_SUFFIX
from merlab.coding.tables import EMOTION, INTERVAL, LABEL, VIDEO, notes_on_emotions, require_videos
from merlab.elan.reading import ElanDocument, read_elan
from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.spotting.scoring.kinds import KIND, OTHER, kind_of
from merlab.spotting.scoring.matching import iou
from merlab.spotting.scoring.read_intervals import INTERVAL_NEEDED
from merlab.table_files.cell_texts import read_rate
from merlab.table_files.cells import CellTable, is_no_value
from merlab.table_files.columns import read_cells

# An .eaf file does not state how long its video is; none that is coded is longer.
LONGEST_S = 24 * 3600
# 29.97 is 30000 / 1001, rounded: a frame in half an hour at most.
SAME_RATE = 1e-5
VIDEO_FRAMES = "video_frames"
# What `merlab coding export` writes beside the number of frames, and a coder's own table of events has no use for.
OF_EXPORT = ("clip", "aligned")
TABLE_COLUMNS = (
    *("event", "face_id", "apex", KIND, VIDEO, EMOTION, LABEL, "action_units"),
    *("coder", "fps", VIDEO_FRAMES, "decision", *OF_EXPORT),
)


@dataclass
class _Reader:
    """Reads sources in an order in which the clocks of results are known before .eaf files need them."""

    fps: float | None
    raters: dict[Path, list[Rater]] = field(default_factory=dict)
    videos: dict[str, RatedVideo] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    found: dict[str, list[Mapping[str, MachineEvent]]] = field(default_factory=dict)
    faces: dict[str, set[int]] = field(default_factory=dict)
    # The names of videos that .eaf files are compared under.
    known: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def read_result(self, folder: Path) -> None:
        """Add each coder of a result's ``coding.csv``; raises MerlabError if nothing is decided there."""
        material = read_codable(folder)
        coding = read_coding(material)
        if not coding.decisions:
            raise MerlabError(f"{folder} has no decisions; code it, or import a coding with `merlab coding import`")
        video = composed(material.video)
        self._learn_from_result(folder, video, material)
        self.faces.setdefault(video, set()).update(material.faces)
        self.found.setdefault(video, []).append(material.by_name)
        for coder in coding.coders:
            coded = coded_events(material, coding, coder)
            events = {video: tuple(map(rated, coded.events))}
            decided = (each for each in (*coded.events, *coded.rejected) if each.event)
            verdicts = {_in_frames(video, material.by_name[each.event]): each.is_movement for each in decided}
            self._add(folder, Rater(coder, str(folder), events, verdicts))
            if coded.undecided:
                who = coder or NO_INITIALS
                self.notes.append(f"{folder}: {who} has not decided about {counted(len(coded.undecided), 'movement')}")

    def read_table(self, path: Path) -> None:
        """Add each coder of a coded table, without rejected rows.

        Raises MerlabError with the place of a wrong cell, and of an event that occurs twice.
        """
        table = read_cells(path, str(path), INTERVAL, TABLE_COLUMNS, INTERVAL_NEEDED)
        require_videos(table)
        self.notes += [*table.notes, *_note_on_kinds(table), *notes_on_emotions(table)]
        events: dict[str, dict[str, list[RatedEvent]]] = {}
        verdicts: dict[str, dict[tuple[str, str], bool]] = {}
        seen: set[tuple[object, ...]] = set()
        for place, cells in zip(table.places, table.cells.to_dict("records"), strict=True):
            row = {str(name): "" if is_no_value(str(text)) else str(text) for name, text in cells.items()}
            video = composed(row.get(VIDEO, ""))
            # A coder who rejects every movement of a video has coded it.
            coded = events.setdefault(row.get("coder", ""), {}).setdefault(video, [])
            try:
                event, rejected = rated_row(row), is_rejection(row.get("decision", ""))
                self._learn(video, row)
                _require_new(seen, (video, event.face_id, event.onset, event.offset), row)
            except MerlabError as error:
                raise MerlabError(f"{path}, {place}: {error}") from error
            if not rejected:
                coded.append(event)
            # As in coding.csv; in the tables of others, a column event is anything.
            if row.get("event") and row.get("decision"):
                movement = self._movement(video, row["event"], event)
                verdicts.setdefault(row.get("coder", ""), {})[movement] = not rejected
        if _is_export(table) and all(all(each.values()) for each in verdicts.values()):
            # It leaves out what is rejected: such coders would agree on every movement.
            verdicts = {}
        for coder, by_video in events.items():
            coded_videos = {video: tuple(each) for video, each in by_video.items()}
            self._add(path, Rater(coder, str(path), coded_videos, verdicts.get(coder, {})))

    def know_videos(self, documents: Sequence[ElanDocument]) -> None:
        """The videos of results and tables; without any, those that documents link alone, in whatever order."""
        linked = [{medium.name for medium in each.videos} for each in documents]
        alone = {name for names in linked if len(names) == 1 for name in names}
        self.known = tuple(filter(None, self.videos)) or tuple(sorted(alone))

    def read_elan(self, document: ElanDocument) -> None:
        """Add each coder of an ELAN file, in frames of the clock of its video; raises MerlabError without a clock."""
        path = document.path
        how = f"`merlab coding import RESULT {path}"
        medium, notes = chosen_medium(document, self.known, None, f"{how} --media NAME`, and compare the result")
        video = medium.name if medium.name in self.known or len(self.known) != 1 else self.known[0]
        last_ms = max((each.end_ms or 0 for tier in document.tiers for each in tier.annotations), default=0)
        placed = Placed(document, self._clock(path, video, last_ms + medium.origin_ms), medium.origin_ms)
        coded: dict[str, list[tuple[FoundEvent, int | None]]] = {}
        tiers = chosen_tiers(document, (), f"{how} --tier NAME`, and compare the result")
        unread = [tier for tier in document.tiers if is_of_others(tier) and tier not in tiers]
        notes = [*notes, *notes_on_tiers(document, tiers, unread)]
        for tier in tiers:
            face = face_of(tier)
            coded.setdefault(coder_of(tier), []).extend((found, face) for found in placed.events(tier, face or 0))
        self.notes += notes
        for coder, listed in coded.items():
            events = tuple(replace(rated(found), face_id=face) for found, face in listed if not found.rejected)
            # Files that merlab wrote name the movement that was found.
            verdicts = {self._movement(video, each.event, each): not each.rejected for each, _ in listed if each.event}
            self._add(path, Rater(coder, str(path), {video: events}, verdicts))

    def _clock(self, path: Path, video: str, last_ms: float) -> FrameClock:
        """The clock of a video; one that no result states has as many frames as are needed for a time."""
        known = self.videos.get(video, RatedVideo())
        if known.clock is not None:
            return known.clock
        fps = self.fps or known.fps
        if fps is None:
            raise MerlabError(f"{path} has times and no frames; give a result of its video too, or --fps")
        if known.fps is not None and not isclose(known.fps, fps, rel_tol=SAME_RATE):
            raise MerlabError(
                f"--fps {fps:.9g} contradicts the table of the video {video}, which states {known.fps:.9g}; leave "
                "--fps out, or correct the table"
            )
        self.videos[video] = RatedVideo(fps, known.frames)
        return FrameClock.constant(fps, known.frames or ceil(min(last_ms / 1000, LONGEST_S) * fps) + 1)

    def _learn_from_result(self, folder: Path, video: str, material: CodableResult) -> None:
        """The clock of a video; raises MerlabError where a result before is about another video of the same name.

        If only the files differ, that is a note: one may show aligned faces of the other.
        """
        clock = material.clock
        found, known = RatedVideo(clock.fps, len(clock), clock), self.videos.get(video, RatedVideo())
        if known.clock is not None and (known.fps, known.frames) != (found.fps, found.frames):
            raise MerlabError(
                f"{folder} is about a video {video} of {found.frames} frames at {found.fps:g} per second, and a result "
                f"before about one of {known.frames} at {known.fps:g}; compare the codings of one video at a time"
            )
        size = self.sizes.setdefault(video, material.bytes)
        if size != material.bytes:
            self.notes.append(
                f"{folder} is about a file {video} of {material.bytes} bytes, and a result before about one of {size}; "
                "if they are two videos, compare their codings apart"
            )
        self.videos[video] = found

    def _learn(self, video: str, row: Mapping[str, str]) -> None:
        """What a row of coded events states about its video; a result states the frame rate better."""
        known = self.videos.get(video, RatedVideo())
        rate, length = row.get("fps", "") if known.clock is None else "", row.get(VIDEO_FRAMES, "")
        fps = read_rate(rate) if rate else known.fps
        frames = whole_number(length, VIDEO_FRAMES) if length else known.frames
        before = "in a row before" if known.clock is None else "in its result"
        for name, was, now, rounding in (("fps", known.fps, fps, SAME_RATE), (VIDEO_FRAMES, known.frames, frames, 0)):
            if was is not None and now is not None and not isclose(was, now, rel_tol=rounding):
                raise MerlabError(f"{name} of the video {video} is {now:.9g}, and {was:.9g} {before}; correct the cell")
        self.videos[video] = replace(known, fps=known.fps or fps, frames=frames)

    def _movement(self, video: str, name: str, decided: RatedEvent | FoundEvent) -> tuple[str, str]:
        """The movement of this name: by its frames, because results of other settings give the name to another.

        Of several results, it is the movement that overlaps best with what was decided; without any, it is the name.
        """
        found = {each[name] for each in self.found.get(video, ()) if name in each}
        named = sorted((each for each in found if decided.face_id in (None, each.face_id)), key=_frames_of)
        overlaps = iou([(decided.onset, decided.offset)], [(each.onset, each.offset) for each in named])[0]
        return _in_frames(video, named[int(overlaps.argmax())]) if overlaps.any() else (video, name)

    def _add(self, path: Path, rater: Rater) -> None:
        self.raters.setdefault(path, []).append(rater)


def read_raters(sources: Sequence[Path], fps: float | None) -> Raters:
    """The coders of all sources, in their order.

    The same initials in two files are one coder where the files are about different videos; where they are about the
    same video, the codings are kept apart under the names of their files. Raises MerlabError for a source that cannot
    be read, and for fewer than two coders.
    """
    reader = _Reader(fps)
    readers = {"result": reader.read_result, "table": reader.read_table}
    if len({source.resolve() for source in sources}) < len(sources):
        raise MerlabError("one of the sources is given twice; compare different codings")
    # Clocks first.
    for kind, read in readers.items():
        for source in sources:
            if _kind(source) == kind:
                read(source)
    documents = [read_elan(source) for source in sources if _kind(source) == "elan"]
    reader.know_videos(documents)
    for document in documents:
        reader.read_elan(document)
    raters = _named(_merged([rater for source in sources for rater in reader.raters.get(source, [])]))
    empty = [f"{source} has no row, so no coder of it is known" for source in sources if source not in reader.raters]
    if len(raters) < 2:
        found = "; ".join((", ".join(rater.name for rater in raters) or "none", *empty))
        raise MerlabError(f"agreement needs two coders; found: {found}. Give another result, table or .eaf file")
    videos = {name: replace(video, fps=video.fps or fps) for name, video in reader.videos.items()}
    for name, video in videos.items():
        require_inside(name, video, raters)
    notes = (*reader.notes, *empty, *rater_doubts(raters, reader.faces), *frame_doubts(raters, videos))
    return Raters(tuple(raters), videos, notes)


def _in_frames(video: str, movement: MachineEvent) -> tuple[str, str]:
    return video, f"face {movement.face_id}, frames {movement.onset} to {movement.offset}"


def _frames_of(movement: MachineEvent) -> tuple[int, int, int]:
    return movement.onset, movement.offset, movement.face_id


def _require_new(seen: set[tuple[object, ...]], frames: tuple[object, ...], row: Mapping[str, str]) -> None:
    """Raises MerlabError for an event that a coder has in a row before; a movement and an own event may be alike."""
    event = (row.get("coder", ""), row.get("event", "") if row.get("decision") else "", *frames)
    if event in seen:
        raise MerlabError("the event occurs twice; keep one row of it, with all of its action units")
    seen.add(event)


def _note_on_kinds(table: CellTable) -> Iterator[str]:
    """A note on movements of the kind other, which scores of spotting leave out."""
    others = sum(kind_of(str(cell)) == OTHER for cell in table.cells.get(KIND, ()))
    if others:
        yield (
            f"{table.name}: {counted(others, 'event')} of the kind {OTHER} counted as well; score-spotting leaves such "
            "events out"
        )


def _is_export(table: CellTable) -> bool:
    """Whether a table is one of `merlab coding export`, also where a column of it was removed."""
    return VIDEO_FRAMES in table.cells and any(column in table.cells for column in OF_EXPORT)


def _kind(source: Path) -> str:
    return "result" if source.is_dir() else "elan" if source.suffix.lower() == ELAN_SUFFIX else "table"


def _merged(raters: Sequence[Rater]) -> list[Rater]:
    """One rater for the same initials in several sources, unless two of these are about the same video."""
    videos = Counter((rater.coder, video) for rater in raters for video in rater.events)
    apart = {coder for (coder, _), times in videos.items() if times > 1} | {""}
    merged: dict[tuple[str, str], Rater] = {}
    for rater in raters:
        key = (rater.coder, rater.source if rater.coder in apart else "")
        known = merged.get(key)
        merged[key] = rater if known is None else _both(known, rater)
    return list(merged.values())


def _both(first: Rater, second: Rater) -> Rater:
    return replace(first, events={**first.events, **second.events}, verdicts={**first.verdicts, **second.verdicts})


def _named(raters: Iterable[Rater]) -> list[Rater]:
    """The raters with names that differ: the initials, with the source where they are needed."""
    listed = list(raters)
    coders = Counter(rater.coder for rater in listed)
    alike = Counter(Path(source).name for source in {rater.source for rater in listed})
    return [
        replace(each, name=each.coder if each.coder and coders[each.coder] == 1 else _with_source(each, alike))
        for each in listed
    ]


def _with_source(rater: Rater, alike: Mapping[str, int]) -> str:
    """``AB in day1.csv``; with folders only where several sources have the name of a file or folder."""
    name = Path(rater.source).name
    source = name if name and alike[name] == 1 else rater.source
    return f"{rater.coder} in {source}" if rater.coder else source

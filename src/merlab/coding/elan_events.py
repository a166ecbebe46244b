"""The annotations of a tier of an .eaf file as events of a coder, in the frames of a video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from merlab.coding import elan_tiers
from merlab.coding.elan_tiers import tier_kind, tier_name
from merlab.coding.elan_units import units_below
from merlab.coding.found_events import FoundEvent
from merlab.coding.frame_clock import FrameClock
from merlab.elan.reading import ElanAnnotation, ElanDocument, ElanTier
from merlab.errors import MerlabError
from merlab.spotting.written_text import is_machine_text
from merlab.table_files.action_units import has_only_units, require_units, states_units

NUMBERS_ALONE = (
    "; numbers alone are read as action units: if they are ratings or classes, choose another tier, or write a word "
    "before each"
)


def coder_of(tier: ElanTier) -> str:
    """The initials of who coded a tier: its annotator, or what ``merlab coding export`` put into its name."""
    named = tier_name(tier.name)
    return tier.annotator or (named.coder if named else "")


@dataclass(frozen=True)
class Placed:
    """A document whose time line starts ``origin_ms`` into the video of a clock."""

    document: ElanDocument
    clock: FrameClock
    origin_ms: int

    def events(self, tier: ElanTier, face: int) -> list[FoundEvent]:
        """The events of a tier, of one face."""
        below = units_below(self.document, tier)
        return [self._event(tier, annotation, face, below) for annotation in tier.annotations]

    def _event(self, tier: ElanTier, annotation: ElanAnnotation, face: int, below: Mapping[str, str]) -> FoundEvent:
        onset = self._frame(tier, annotation, annotation.begin_ms)
        is_one = annotation.is_one_frame(self.clock.step_ms)
        offset = onset if is_one else self._frame(tier, annotation, annotation.end_ms)
        self._require_length(tier, annotation)
        coder, kind = coder_of(tier), tier_kind(tier.name)
        if kind == elan_tiers.REJECTED:
            label, _, comment = (self._note(tier, annotation, each) for each in elan_tiers.REJECTED_NOTES)
            units, event = self._units(tier, annotation, elan_tiers.REJECTED_NOTES[1]), annotation.value
            return FoundEvent(face, onset, None, offset, label, units, comment, coder, event, rejected=True)
        if kind != elan_tiers.MOVEMENTS:
            label, units = self._label_and_units(tier, annotation, below.get(annotation.name, ""))
            return FoundEvent(face, onset, None, offset, label, units, coder=coder)
        apexes, event = self._apexes_of(tier), self._note(tier, annotation, elan_tiers.EVENTS)
        apex = None if apexes is None else self._apex(apexes, annotation)
        return FoundEvent(
            face_id=face,
            onset=onset,
            apex=apex,
            offset=offset,
            label=annotation.value,
            action_units=self._units(tier, annotation, elan_tiers.UNITS),
            comment=self._note(tier, annotation, elan_tiers.COMMENTS),
            coder=coder,
            event=event,
            # A coder who draws a movement, and names no event, need not mark its apex.
            emptied=bool(event) and apexes is not None and apex is None,
        )

    def _where(self, tier: ElanTier, annotation: ElanAnnotation) -> str:
        return f"{self.document.path}, tier {tier.name}, annotation {annotation.name} ({annotation.value[:40]!r})"

    def _require_length(self, tier: ElanTier, annotation: ElanAnnotation) -> None:
        """Raises MerlabError for an annotation that does not end after it begins: it is no movement."""
        begin, end = annotation.begin_ms or 0, annotation.end_ms or 0
        if end <= begin:
            raise MerlabError(
                f"{self._where(tier, annotation)} begins at {begin} ms and ends at {end} ms; correct it in ELAN"
            )

    def _frame(self, tier: ElanTier, annotation: ElanAnnotation, ms: int | None) -> int:
        where = self._where(tier, annotation)
        if ms is None:
            raise MerlabError(f"{where} has no time; give it one in ELAN")
        frame = self.clock.frame_at(ms + self.origin_ms)
        if frame is None:
            raise MerlabError(
                f"{where} is at {ms + self.origin_ms} ms of the video, which ends at "
                f"{self.clock.ms[-1] + self.clock.step_ms:.0f} ms; check that the file belongs to this video"
            )
        return frame

    def _note(self, tier: ElanTier, annotation: ElanAnnotation, kind: str) -> str:
        """The text on a dependent tier of this kind."""
        notes = (
            note
            for child in self.document.children(tier)
            if tier_kind(child.name) == kind
            for note in child.annotations
        )
        return next((note.value for note in notes if note.parent == annotation.name), "")

    def _units(self, tier: ElanTier, annotation: ElanAnnotation, kind: str) -> str:
        return self._sound_units(tier, annotation, self._note(tier, annotation, kind))

    def _sound_units(self, tier: ElanTier, annotation: ElanAnnotation, text: str, remedy: str = "") -> str:
        try:
            require_units(text)
        except MerlabError as error:
            raise MerlabError(f"{self._where(tier, annotation)}: {error}{remedy}") from error
        return text

    def _label_and_units(self, tier: ElanTier, annotation: ElanAnnotation, below: str) -> tuple[str, str]:
        """Of a text of another program: action units if it consists of nothing else, a label unless merlab wrote it.

        ``below`` are the action units of a dependent tier. Raises MerlabError where the text has some, too.
        """
        value = annotation.value
        if is_machine_text(value):
            return "", below
        if not has_only_units(value):
            return value, below
        if below:
            raise MerlabError(
                f"{self._where(tier, annotation)} has action units, and others, {below}, on a tier below it; keep one "
                "of the two in ELAN"
            )
        return "", self._sound_units(tier, annotation, value, "" if states_units(value) else NUMBERS_ALONE)

    def _apexes_of(self, tier: ElanTier) -> ElanTier | None:
        """The tier with the apexes of a tier of movements; None where the file has none."""
        named = tier_name(tier.name)
        wanted = str(named._replace(kind=elan_tiers.APEXES)) if named else ""
        return next((other for other in self.document.tiers if other.name == wanted), None)

    def _apex(self, apexes: ElanTier, annotation: ElanAnnotation) -> int | None:
        """The frame of the first apex that begins within a movement."""
        for apex in apexes.annotations:
            begin, first, last = apex.begin_ms, annotation.begin_ms, annotation.end_ms
            if begin is not None and first is not None and last is not None and first <= begin <= last:
                return self._frame(apexes, apex, begin)
        return None

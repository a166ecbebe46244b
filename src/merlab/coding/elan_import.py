"""The tiers of an .eaf file as events of coders, in the frames of a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from merlab.coding import elan_tiers
from merlab.coding.codable_result import CodableResult, composed
from merlab.coding.decisions import now
from merlab.coding.elan_tiers import FACE, TierName, tier_name
from merlab.coding.found_events import FoundEvent, Imported, decisions_about
from merlab.coding.frame_clock import FrameClock
from merlab.coding.units import read_units, require_units
from merlab.elan.reading import ElanAnnotation, ElanDocument, ElanTier, Medium
from merlab.elan.tier_names import machine_kind
from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.spotting.written_text import is_machine_text


@dataclass(frozen=True)
class ElanChoice:
    """What a user states about an .eaf file.

    Attributes:
        tiers: the tiers to read.
        media: the linked video.
        face_id: the face of tiers without one.
        coder: the initials of who coded.

    """

    tiers: tuple[str, ...] = ()
    media: str | None = None
    face_id: int | None = None
    coder: str | None = None


def imported_elan(document: ElanDocument, material: CodableResult, choice: ElanChoice) -> Imported:
    """The decisions in an .eaf file.

    Tiers of ``merlab coding export`` are read as what they are; without any, one tier of another program, whose values
    are labels, or action units such as ``12+L10``. The tiers of the machine are not read unless they are requested.
    Raises MerlabError where it is not clear which video, tier or face is meant, and for times outside of the video.
    """
    medium, notes = chosen_medium(document, (material.video,), choice.media)
    found: list[FoundEvent] = []
    tiers = chosen_tiers(document, choice.tiers, coder=choice.coder)
    placed = Placed(document, material.clock, medium.origin_ms)
    for tier in tiers:
        face = _face_of(document, tier, material, choice.face_id)
        found += placed.events(tier, face)
    unread = [tier for tier in document.tiers if tier.has_times and not _is_used(tier, tiers)]
    notes = [*notes, *notes_on_unread(document, tiers, unread), *notes_on_copies(document, tiers)]
    return Imported(decisions_about(material, found, now(), document.path), tuple(notes))


def chosen_medium(
    document: ElanDocument, videos: Sequence[str], media: str | None, how: str = "--media NAME"
) -> tuple[Medium, list[str]]:
    """The linked video that shows what was coded, and notes on how it was found.

    It is the one of the name ``media``, or else of one of ``videos``; a single medium that is not a sound may have any
    name. ``how`` is how a user states it. Raises MerlabError if none fits, or several that are not one.
    """
    wanted = [composed(name) for name in ([media] if media else videos)]
    both = [replace(medium, name=name) for medium in document.media for name in (medium.written, medium.name)]
    fitting = [medium for medium in both if medium.name in wanted]
    if fitting:
        _require_one_medium(document, fitting, how)
        return fitting[0], []
    linked = document.videos or document.media
    named = ", ".join(medium.name for medium in linked)
    if media or len(linked) > 1:
        others = f", not to {' or '.join(wanted)}" if wanted else ""
        raise MerlabError(
            f"{document.path} is linked to {named or 'no video'}{others}; give the file that shows the video with {how}"
        )
    if not linked:
        return Medium("", 0), [f"{document.path} is linked to no video; its times are taken as those of the video"]
    if not wanted:
        return linked[0], []
    return linked[0], [f"{document.path} is linked to {named}, which is taken for {' or '.join(wanted)}"]


def _require_one_medium(document: ElanDocument, fitting: Sequence[Medium], how: str) -> None:
    """Raises MerlabError where several linked videos may be the one, or one is linked with several offsets."""
    names = dict.fromkeys(medium.name for medium in fitting)
    if len(names) > 1:
        raise MerlabError(f"{document.path} is linked to {' and '.join(names)}; give the one that was coded with {how}")
    origins = dict.fromkeys(medium.origin_ms for medium in fitting)
    if len(origins) > 1:
        raise MerlabError(
            f"{document.path} is linked to {fitting[0].name} with the offsets {' and '.join(map(str, origins))} ms; "
            "remove the other link in ELAN (Edit, Linked Files)"
        )


def chosen_tiers(
    document: ElanDocument, names: Sequence[str], how: str = "--tier NAME", coder: str | None = None
) -> list[ElanTier]:
    """The tiers of these names; without names, those of merlab, or the only tier of another program with annotations.

    Of those of merlab, the tiers of ``coder`` are read where there are any. Tiers of other coders are not taken for
    those of ``coder`` beside a tier of another program. A tier within another, whose annotations have times of their
    own, is read where it is named, or alone has any. ``how`` is how a user states names.
    Raises MerlabError where it is not clear which tier is meant.
    """
    aligned = [tier for tier in document.tiers if tier.has_times]
    listed = ", ".join(tier.name for tier in aligned) or "none"
    if names:
        missing = [name for name in names if name not in {tier.name for tier in aligned}]
        if missing:
            raise MerlabError(f"{document.path} has no tier {missing[0]} with times; its tiers are {listed}")
        return [tier for tier in aligned if tier.name in names]
    own = [tier for tier in aligned if _kind(tier) in (elan_tiers.MOVEMENTS, elan_tiers.REJECTED)]
    others = [tier for tier in document.tiers if is_of_others(tier)]
    others = [tier for tier in others if not tier.parent] or others
    if coder is not None:
        own = [tier for tier in own if coder_of(tier) == coder] or ([] if others else own)
    if own or len(others) == 1:
        return own or others
    if not others:
        raise MerlabError(
            f"{document.path} has no annotations of a coder (its tiers are {listed}); code on a tier of your own, and "
            "save the file"
        )
    raise MerlabError(
        f"{document.path}: which tier holds the movements? Tiers of coders are "
        f"{', '.join(tier.name for tier in others)}; give one or more with {how}"
    )


def notes_on_unread(document: ElanDocument, read: Sequence[ElanTier], unread: Sequence[ElanTier]) -> list[str]:
    """A note that names the tiers of ``unread``, and the dependent tiers of those that are read, whose texts are left.

    Tiers that belong to one of ``read`` have no times of their own; only those of merlab are read with it.
    """
    left = {tier.name for tier in unread} | {child.name for tier in read for child in _left_below(document, tier)}
    names = [tier.name for tier in document.tiers if tier.name in left]
    return [f"{document.path}: tiers that were not read: {', '.join(names)}"] if names else []


def _left_below(document: ElanDocument, read: ElanTier) -> Iterator[ElanTier]:
    """The dependent tiers of a tier, and theirs, that have texts and no times, and are not those of merlab."""
    above, known = [read], {read.name}
    while above:
        tier = above.pop()
        for child in document.children(tier):
            if child.has_times or child.name in known:
                continue
            above.append(child)
            known.add(child.name)
            if child.annotations and not (_kind(tier) and _kind(child)):
                yield child


def notes_on_copies(document: ElanDocument, tiers: Sequence[ElanTier]) -> list[str]:
    """A note where texts of merlab are on tiers of others: ELAN copies a tier with its texts."""
    copied = sum(is_machine_text(each.value) for tier in tiers if is_of_others(tier) for each in tier.annotations)
    return [f"{document.path}: {counted(copied, 'text')} of merlab left out: no label of a coder"] if copied else []


def is_of_others(tier: ElanTier) -> bool:
    """Whether it is a tier of another program, with annotations that have times."""
    return tier.has_times and bool(tier.annotations) and not (machine_kind(tier.name) or tier_name(tier.name))


def coder_of(tier: ElanTier) -> str:
    """The initials of who coded a tier: its annotator, or what ``merlab coding export`` put into its name."""
    named = tier_name(tier.name)
    return tier.annotator or (named.coder if named else "")


def face_of(tier: ElanTier) -> int | None:
    """The face of a tier, by its name or its participant (``face 1``); None where neither has a number."""
    named, found = tier_name(tier.name), FACE.search(f"{tier.name} {tier.participant}")
    return named.face_id if named else int(found[1]) if found else None


@dataclass(frozen=True)
class Placed:
    """A document whose time line starts ``origin_ms`` into the video of a clock."""

    document: ElanDocument
    clock: FrameClock
    origin_ms: int

    def events(self, tier: ElanTier, face: int) -> list[FoundEvent]:
        """The events of a tier, of one face."""
        return [self._event(tier, annotation, face) for annotation in tier.annotations]

    def _event(self, tier: ElanTier, annotation: ElanAnnotation, face: int) -> FoundEvent:
        onset = self._frame(tier, annotation, annotation.begin_ms)
        offset = self._frame(tier, annotation, annotation.end_ms)
        self._require_length(tier, annotation)
        coder, kind = coder_of(tier), _kind(tier)
        if kind == elan_tiers.REJECTED:
            label, _, comment = (self._note(tier, annotation, each) for each in elan_tiers.REJECTED_NOTES)
            units, event = self._units(tier, annotation, elan_tiers.REJECTED_NOTES[1]), annotation.value
            return FoundEvent(face, onset, None, offset, label, units, comment, coder, event, rejected=True)
        if kind != elan_tiers.MOVEMENTS:
            label, units = _label_and_units(annotation.value)
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
        notes = (note for child in self.document.children(tier) if _kind(child) == kind for note in child.annotations)
        return next((note.value for note in notes if note.parent == annotation.name), "")

    def _units(self, tier: ElanTier, annotation: ElanAnnotation, kind: str) -> str:
        text = self._note(tier, annotation, kind)
        try:
            require_units(text)
        except MerlabError as error:
            raise MerlabError(f"{self._where(tier, annotation)}: {error}") from error
        return text

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


def _kind(tier: ElanTier) -> str:
    named: TierName | None = tier_name(tier.name)
    return named.kind if named else ""


def _face_of(document: ElanDocument, tier: ElanTier, material: CodableResult, stated: int | None) -> int:
    face = face_of(tier)
    if face is None:
        face = stated
    if face is None and len(material.faces) == 1:
        face = material.faces[0]
    if face is None:
        raise MerlabError(
            f"{document.path}: whose movements are on tier {tier.name}? The result has the faces "
            f"{', '.join(map(str, material.faces))}; give one with --face"
        )
    return face


def _is_used(tier: ElanTier, read: Sequence[ElanTier]) -> bool:
    """Whether a tier is read, or has the apexes of one that is read."""
    named = tier_name(tier.name)
    if named is None or named.kind != elan_tiers.APEXES:
        return tier in read
    return tier in read or str(named._replace(kind=elan_tiers.MOVEMENTS)) in {each.name for each in read}


def _label_and_units(value: str) -> tuple[str, str]:
    """A text of another program: action units if it consists of nothing else, a label unless merlab wrote it."""
    if is_machine_text(value):
        return "", ""
    try:
        return ("", value) if read_units(value) else (value, "")
    except ValueError:
        return value, ""

"""The tiers of an .eaf file as events of coders, in the frames of a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from merlab.coding import elan_tiers
from merlab.coding.codable_result import CodableResult, composed
from merlab.coding.decisions import now
from merlab.coding.elan_events import Placed, coder_of
from merlab.coding.elan_tiers import FACE, tier_kind, tier_name
from merlab.coding.elan_units import REMEDY, unit_tier
from merlab.coding.found_events import FoundEvent, Imported, decisions_about
from merlab.elan.reading import ElanDocument, ElanTier, Medium, notes_on_entries, outermost
from merlab.elan.tier_names import machine_kind
from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.spotting.written_text import is_machine_text
from merlab.table_files.action_units import has_only_units


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
    are labels, or action units such as ``12+L10``, and whose action units may be on a tier below it. The tiers of the
    machine are not read unless they are requested.
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
    notes = [*notes, *notes_on_tiers(document, tiers, unread)]
    return Imported(decisions_about(material, found, now(), document.path, choice.coder), tuple(notes))


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
    own = [tier for tier in aligned if tier_kind(tier.name) in (elan_tiers.MOVEMENTS, elan_tiers.REJECTED)]
    others = [tier for tier in document.tiers if is_of_others(tier)]
    others = outermost(others)
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


def notes_on_tiers(document: ElanDocument, read: Sequence[ElanTier], unread: Sequence[ElanTier]) -> list[str]:
    """Notes on texts that have not become labels of a coder; ``unread`` are tiers that were not chosen."""
    return [
        *_notes_on_unread(document, read, unread),
        *_notes_on_copies(document, read),
        *notes_on_entries(document, read),
    ]


def _notes_on_unread(document: ElanDocument, read: Sequence[ElanTier], unread: Sequence[ElanTier]) -> list[str]:
    """A note that names the tiers of ``unread``, and the dependent tiers of those that are read, whose texts are left.

    Of tiers that belong to one of ``read``, those of merlab, and one with action units, are read with it.
    """
    used = {tier.name for tier in (unit_tier(document, each) for each in read) if tier}
    left = {tier.name for tier in unread} | {child.name for tier in read for child in _left_below(document, tier)}
    tiers = [tier for tier in document.tiers if tier.name in left - used]
    parents = {tier.name for tier in read}
    remedy = f"; {REMEDY}" if any(tier.parent in parents and _has_units(tier) for tier in tiers) else ""
    return (
        [f"{document.path}: tiers that were not read: {', '.join(each.name for each in tiers)}{remedy}"]
        if tiers
        else []
    )


def _has_units(tier: ElanTier) -> bool:
    return all(has_only_units(each.value) for each in tier.annotations)


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
            if child.annotations and not (tier_kind(tier.name) and tier_kind(child.name)):
                yield child


def _notes_on_copies(document: ElanDocument, tiers: Sequence[ElanTier]) -> list[str]:
    """A note where texts of merlab are on tiers of others: ELAN copies a tier with its texts."""
    copied = sum(is_machine_text(each.value) for tier in tiers if is_of_others(tier) for each in tier.annotations)
    return [f"{document.path}: {counted(copied, 'text')} of merlab left out: no label of a coder"] if copied else []


def is_of_others(tier: ElanTier) -> bool:
    """Whether it is a tier of another program, with annotations that have times."""
    return tier.has_times and bool(tier.annotations) and not (machine_kind(tier.name) or tier_name(tier.name))


def face_of(tier: ElanTier) -> int | None:
    """The face of a tier, by its name or its participant (``face 1``); None where neither has a number."""
    named, found = tier_name(tier.name), FACE.search(f"{tier.name} {tier.participant}")
    return named.face_id if named else int(found[1]) if found else None


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

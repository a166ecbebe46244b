"""Annotation documents of ELAN (.eaf), of any version and saved by any program, as tiers and media.

An .eaf file comes from others, so a document type definition, with which XML can name other files or grow without
limit, is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from merlab.elan.media_types import is_sound
from merlab.elan.vocabularies import Vocabularies
from merlab.errors import MerlabError, cannot_read
from merlab.spelling import counted

SAVE_AGAIN = "open it in ELAN and save it again, or copy it again"
MILLISECONDS = "milliseconds"
# 31 years; a larger number, which nothing counts with, is of a damaged file.
LATEST_MS = 10**12
# A time is a whole number of milliseconds, so that the stamp of a frame may be rounded down or up.
ROUNDING_MS = 1.0


@dataclass(frozen=True)
class Medium:
    """A linked video or sound: the name of its file, and where in it the time line of the annotations starts, ms.

    ``written`` is the name as it is in the document. ``name`` is the same with %20 read as a blank, as programs write
    addresses; a file may also have %20 in its name.
    """

    name: str
    origin_ms: int
    written: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it is a sound, by its name."""
        return is_sound(self.name)


@dataclass(frozen=True)
class ElanAnnotation:
    """A text and its interval on the time line, ms.

    The times are None where ELAN has none: for an annotation that was not aligned, and for one that belongs to another.
    ``parent`` is the id of that other annotation, or empty. ``of_vocabulary``: the text is that of an entry of a
    controlled vocabulary, or empty where the document has no such entry.
    """

    name: str
    begin_ms: int | None
    end_ms: int | None
    value: str
    parent: str = ""
    of_vocabulary: bool = False

    def is_one_frame(self, frame_ms: float) -> bool:
        """Whether it is of one frame: of 1 ms, the least in ELAN, where frames last 2 ms or more."""
        return self.begin_ms is not None and self.end_ms == self.begin_ms + 1 and frame_ms >= 2 * ROUNDING_MS

    def owns(self, other: ElanAnnotation) -> bool:
        """Whether an annotation of a dependent tier belongs to this one: as it states, or else by its times."""
        if other.parent:
            return other.parent == self.name
        begin, first, last, end = self.begin_ms, other.begin_ms, other.end_ms, self.end_ms
        if begin is None or first is None or last is None or end is None:
            return False
        return begin <= first <= last <= end


@dataclass(frozen=True)
class ElanTier:
    """A tier: its name, who annotated, whose behavior it is, the name of its parent tier, and its annotations."""

    name: str
    annotator: str
    participant: str
    parent: str
    annotations: tuple[ElanAnnotation, ...]

    @property
    def has_times(self) -> bool:
        """Whether its annotations have times of their own; those of a tier with a parent may (included in it)."""
        return not self.parent or any(not each.parent for each in self.annotations)


@dataclass(frozen=True)
class ElanDocument:
    """The content of an .eaf file."""

    path: Path
    media: tuple[Medium, ...]
    tiers: tuple[ElanTier, ...]

    @property
    def videos(self) -> tuple[Medium, ...]:
        """The linked files that are not sounds."""
        return tuple(medium for medium in self.media if not medium.is_sound)

    def children(self, tier: ElanTier) -> list[ElanTier]:
        """The tiers whose annotations belong to those of a tier."""
        return [each for each in self.tiers if each.parent == tier.name]


def read_elan(path: Path) -> ElanDocument:
    """The tiers and media of an .eaf file; raises MerlabError for what is not one, or is damaged."""
    root = _root(path)
    try:
        header = root.find("HEADER")
        units = MILLISECONDS if header is None else header.get("TIME_UNITS", MILLISECONDS)
        if units != MILLISECONDS:
            raise MerlabError(f"{path} counts time in {units}; save it in ELAN with times in milliseconds")
        slots = {
            slot.attrib["TIME_SLOT_ID"]: _ms(path, slot.attrib["TIME_VALUE"]) if "TIME_VALUE" in slot.attrib else None
            for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
        }
        media = tuple(_medium(path, each) for each in root.iterfind("HEADER/MEDIA_DESCRIPTOR"))
        entries = Vocabularies(root)
        return ElanDocument(path, media, tuple(_tier(tier, slots, entries) for tier in root.iterfind("TIER")))
    except (KeyError, ValueError) as error:
        raise MerlabError(f"{path} is damaged ({error} is missing or not a number); {SAVE_AGAIN}") from error


def file_name(link: str) -> str:
    """The name at the end of a path or URL, of any system, in one spelling of accents."""
    return unicodedata.normalize("NFC", re.split(r"[/\\]", link)[-1])


def _root(path: Path) -> Element:
    try:
        root: Element = parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise MerlabError(
            f"{path} has a document type definition, which no file of ELAN has; it is not read; {SAVE_AGAIN}"
        ) from error
    except OSError as error:
        raise MerlabError(cannot_read(path, error, "check the path")) from error
    except (ParseError, ValueError, LookupError) as error:
        raise MerlabError(f"{path} is not an annotation document of ELAN ({error}); {SAVE_AGAIN}") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise MerlabError(f"{path} is not an annotation document of ELAN; give a file that ELAN saved as .eaf")
    return root


def _medium(path: Path, element: Element) -> Medium:
    link = element.get("MEDIA_URL") or element.get("RELATIVE_MEDIA_URL") or ""
    name = file_name(unquote(link))
    origin = element.get("TIME_ORIGIN") or "0"
    if not re.fullmatch(r"-?\d+", origin):
        raise MerlabError(f"{path}: TIME_ORIGIN of {name} is {origin!r}, not a number of ms; {SAVE_AGAIN}")
    return Medium(name, _ms(path, origin), file_name(link))


def _ms(path: Path, text: str) -> int:
    """A time; raises MerlabError for one that no video has, ValueError for what is not a number."""
    ms = int(text)
    if abs(ms) > LATEST_MS:
        raise MerlabError(f"{path} has a time of {text[:20]}... ms, which no video has; {SAVE_AGAIN}")
    return ms


def outermost(tiers: Sequence[ElanTier]) -> list[ElanTier]:
    """Those that are within no other tier, or all if each is: one is read with the tier that it belongs to."""
    return [tier for tier in tiers if not tier.parent] or list(tiers)


def notes_on_entries(document: ElanDocument, tiers: Sequence[ElanTier]) -> list[str]:
    """A note on annotations of these tiers whose text is an entry of a vocabulary that the document lacks."""
    empty = {tier.name: sum(each.of_vocabulary and not each.value for each in tier.annotations) for tier in tiers}
    listed = ", ".join(f"{counted(count, 'annotation')} of tier {name}" for name, count in empty.items() if count)
    if not listed:
        return []
    return [
        f"{document.path}: without a text, {listed}: the file lacks the entry of the controlled vocabulary, or its "
        "text; open the file in ELAN where the vocabulary is, and save it again"
    ]


def _tier(element: Element, slots: Mapping[str, int | None], entries: Vocabularies) -> ElanTier:
    return ElanTier(
        name=element.attrib["TIER_ID"],
        annotator=element.get("ANNOTATOR", "").strip(),
        participant=element.get("PARTICIPANT", "").strip(),
        parent=element.get("PARENT_REF", ""),
        annotations=tuple(_annotations(element, slots, entries)),
    )


def _annotations(tier: Element, slots: Mapping[str, int | None], entries: Vocabularies) -> Iterator[ElanAnnotation]:
    for each in tier.iterfind("ANNOTATION/*"):
        name, entry = each.attrib["ANNOTATION_ID"], each.get("CVE_REF", "")
        value = (each.findtext("ANNOTATION_VALUE") or "").strip() or entries.text(tier, entry)
        if each.tag == "REF_ANNOTATION":
            yield ElanAnnotation(name, None, None, value, each.attrib["ANNOTATION_REF"], bool(entry))
        else:
            begin, end = (slots[each.attrib[f"TIME_SLOT_REF{side}"]] for side in (1, 2))
            yield ElanAnnotation(name, begin, end, value, of_vocabulary=bool(entry))

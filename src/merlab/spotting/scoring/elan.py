"""Events from an annotation document of ELAN (.eaf).

A document with a DTD is refused: ELAN writes none, and its entities can make a small file fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree
from xml.parsers import expat

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.cells import CellTable
from merlab.spotting.scoring.kinds import KIND, kind_of

SUFFIX = ".eaf"
# The tiers that merlab writes for each face; those of the apexes are no movements.
MERLAB_TIER, MERLAB_APEXES = re.compile(r"face \d+ events.*"), re.compile(r"face \d+ apexes.*")


def read_elan(path: Path, fps: float | None, tier: str | None = None) -> CellTable:
    """The annotations of one tier as events: video, onset and offset in frames from 1, and kind or emotion.

    A text of an annotation that is a kind (micro, macro) is the kind, any other the emotion. Without ``tier``, the only
    tier with annotations is read, or the tiers of movements that merlab wrote. Times are those of the first linked
    video: a TIME_ORIGIN is added.

    Raises MerlabError for a file that cannot be read, several tiers to choose from, an annotation without times, and
    without frames per second.
    """
    if fps is None:
        raise MerlabError(f"{path} has times and no frames; give the frames per second of its video (--fps)")
    root = _parsed(path)
    annotated = {name: each for name, each in _tiers(root).items() if each}
    chosen, by_merlab = _chosen(path, annotated, tier)
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iterfind("TIME_ORDER/TIME_SLOT")}
    video, origin, notes = _media(path, root)
    rows, places = [], []
    for name in chosen:
        for annotation in annotated[name]:
            identifier = annotation.get("ANNOTATION_ID", "")
            times = [slots.get(annotation.get(f"TIME_SLOT_REF{end}")) for end in (1, 2)]
            if None in times or not all(str(time).isdigit() for time in times):
                raise MerlabError(f"{path}, annotation {identifier}: it has no times; align it in ELAN, or remove it")
            onset, offset = (round((int(str(time)) + origin) / 1000 * fps) + 1 for time in times)
            text = "" if by_merlab else (annotation.findtext("ANNOTATION_VALUE") or "").strip()
            kind = kind_of(text) or ""
            rows.append((video, str(onset), str(max(onset, offset)), kind, "" if kind else text))
            places.append(f"annotation {identifier}")
    cells = pd.DataFrame(rows, columns=["video", "onset", "offset", KIND, "emotion"], dtype=object)
    unused = [column for column in (KIND, "emotion") if (cells[column] == "").all()]
    return CellTable(str(path), cells.drop(columns=unused), tuple(places), notes)


def _parsed(path: Path) -> ElementTree.Element:
    def refuse(*_: object) -> None:
        raise MerlabError(f"{path} has a DTD, which ELAN never writes; it is not read. Save it again with ELAN")

    try:
        content = path.read_bytes()
        check = expat.ParserCreate()
        check.StartDoctypeDeclHandler = refuse
        check.Parse(content, True)
        return ElementTree.fromstring(content)
    except OSError as error:
        raise MerlabError(f"{path} cannot be read: {error.strerror or error}") from error
    except (expat.ExpatError, ElementTree.ParseError) as error:
        raise MerlabError(f"{path} is not a document of ELAN ({error}); save it again with ELAN") from error


def _tiers(root: ElementTree.Element) -> dict[str, list[ElementTree.Element]]:
    """The annotations of each tier that have times of their own."""
    return {
        tier.get("TIER_ID", ""): list(tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION")) for tier in root.iter("TIER")
    }


def _chosen(path: Path, annotated: Mapping[str, list[ElementTree.Element]], tier: str | None) -> tuple[list[str], bool]:
    """The tiers to read, and whether merlab wrote them."""
    names = ", ".join(map(repr, annotated)) or "none"
    if tier is not None:
        if tier not in annotated:
            raise MerlabError(f"{path} has no tier {tier!r} with annotations; its tiers are {names}")
        return [tier], MERLAB_TIER.fullmatch(tier) is not None
    movements = [name for name in annotated if MERLAB_TIER.fullmatch(name)]
    if movements and all(MERLAB_TIER.fullmatch(name) or MERLAB_APEXES.fullmatch(name) for name in annotated):
        return movements, True
    if len(annotated) > 1:
        raise MerlabError(f"{path} has several tiers with annotations: {names}; choose one (--tier)")
    return list(annotated), False


def _media(path: Path, root: ElementTree.Element) -> tuple[str, int, tuple[str, ...]]:
    """The name of the first linked video (else of the document), the time at which it begins (ms), and a note."""
    linked = list(root.iterfind("HEADER/MEDIA_DESCRIPTOR"))
    if not linked:
        return path.stem, 0, ()
    first = linked[0]
    address = first.get("MEDIA_URL") or first.get("RELATIVE_MEDIA_URL") or path.stem
    name = unquote(urlparse(address).path).replace("\\", "/").rpartition("/")[2]
    origin = first.get("TIME_ORIGIN", "0")
    several = f"{path}: {len(linked)} media are linked; the times are those of the first, {name}"
    if not re.fullmatch(r"-?\d+", origin):
        raise MerlabError(f"{path}: TIME_ORIGIN of {name} is {origin!r}, not a number of ms; save it again with ELAN")
    return name or path.stem, int(origin), (several,) if len(linked) > 1 else ()

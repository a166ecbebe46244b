"""What merlab recorded beside the aligned faces that it wrote: how they were made, and their stamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.json_models import read_model, read_sealed
from merlab.spelling import counted
from merlab.stamps import SYNTHETIC
from merlab.synthesis.folder import is_synthetic

# What `merlab prepare` and `merlab align` write: about all faces in a folder, and beside the frames of each clip.
MANIFEST = "prepared.json"
RECORD = "alignment.json"
FACT = "aligned by"
REMEDY = "make the faces again in a new folder"


@dataclass(frozen=True)
class Preparation:
    """How aligned faces were made, in words, and the stamps that they carry."""

    title: str
    stamps: tuple[str, ...]


def preparation_of(folder: Path) -> Preparation | None:
    """The preparation of the frames in or below a folder; None if merlab did not make them.

    The record is in this folder, or in the one above. Raises MerlabError if it is damaged.
    """
    path = next((each / MANIFEST for each in (folder, folder.parent) if (each / MANIFEST).is_file()), None)
    if path is None:
        return None
    content = read_sealed(path, REMEDY)
    if not isinstance(content, dict):
        raise MerlabError(f"{path} is damaged: it is not an object with names and values; {REMEDY}")
    settings, stamps = content.get("settings"), content.get("stamps")
    command = "merlab prepare" if "database" in content else "merlab align"
    listed = [f"{name} {value}" for name, value in settings.items()] if isinstance(settings, dict) else []
    return Preparation(
        f"{command}: {', '.join(listed) or 'settings not recorded'}",
        tuple(map(str, stamps)) if isinstance(stamps, list) else (),
    )


def preparation_fact(preparations: Iterable[Preparation | None]) -> dict[str, str]:
    """The fact about the preparation of clips, one entry per clip; empty if merlab aligned none of them."""
    titles = Counter(each.title for each in preparations if each)
    text = "; ".join(f"{title} ({counted(count, 'clip')})" for title, count in titles.items())
    return {FACT: text} if text else {}


class Alignment(BaseModel):
    """What is read of the record that merlab's alignment left in a folder of frames."""

    fps: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    stamps: tuple[str, ...] = ()


def alignment_of(folder: Path) -> Alignment | None:
    """The record in a folder of frames, None where there is none; raises MerlabError if it is damaged."""
    path = folder / RECORD
    if not path.is_file():
        return None
    return read_model(path, Alignment, remedy="make the aligned faces again in a new folder")


def recorded_rate(folder: Path) -> float | None:
    """The frames per second that the record in a folder of frames states; None where it states none or is damaged."""
    # Nothing else needs the record for this.
    with suppress(MerlabError):
        alignment = alignment_of(folder)
        return alignment.fps if alignment else None
    return None


def known_rate(folders: Iterable[Path]) -> str:
    """The one rate that the records in folders of frames state, for messages: `` 200, which alignment.json states``."""
    rates = {recorded_rate(folder) for folder in folders}
    rate = rates.pop() if len(rates) == 1 else None
    return f" {rate:.5g}, which {RECORD} beside the frames states" if rate else ""


def recorded_stamps(clips: Iterable[Clip]) -> tuple[str, ...]:
    """SYNTHETIC for frames that merlab made, and what the records of their alignment carry; sorted.

    Raises MerlabError for a damaged record.
    """
    return tuple(sorted({stamp for source in {clip.source for clip in clips} for stamp in _stamps_of(source)}))


def _stamps_of(source: Path) -> set[str]:
    alignment = alignment_of(source)
    return {*(alignment.stamps if alignment else ()), *([SYNTHETIC] if is_synthetic(source) else [])}

"""Results to be coded: two faces, four events (faces 0, 1, 0, 1) at 100 frames per second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from merlab.coding.codable_result import CodableResult, MachineEvent, read_codable
from merlab.coding.decisions import Coding, Decision
from merlab.coding.file import write_coding
from merlab.json_files import write_json
from merlab.videos.result import METADATA
from tests.videos.fake_result import stored_metadata, write_result

TIME = "2026-05-04T10:20:30+00:00"


def material_in(folder: Path, source: Path | None = None, **options) -> CodableResult:
    """A new result in a folder, of the file ``source`` if given."""
    write_result(folder, pictures=False, **options)
    if source is not None:
        metadata = stored_metadata(folder)
        metadata["asked"]["source"] = str(source)
        write_json(folder / METADATA, metadata)
    return read_codable(folder)


def about(event: MachineEvent, verdict, coder: str = "AB", **changed) -> Decision:
    """A decision about an event, in its frames unless they are changed."""
    frames = {"onset": event.onset, "apex": event.apex, "offset": event.offset}
    return Decision(event.event, event.face_id, verdict, **{**frames, "coder": coder, "time": TIME, **changed})


def every_kind(material: CodableResult, coder: str = "AB") -> Coding:
    """One decision of each kind, with text that XML and CSV must escape; e0004 is not decided."""
    first, second, third, _ = material.events
    own = Decision("", 0, "add", third.onset + 20, None, third.offset + 20, label="ü <&>", coder=coder, time=TIME)
    decisions = (
        about(first, "accept", coder, label="joy", action_units="AU6; L12", comment='says "hm", then'),
        about(second, "reject", coder, label="blink", comment="lids only"),
        about(third, "move", coder, onset=third.onset + 2, apex=None),
        own,
    )
    return Coding(decisions).sorted()


def coded_in(folder: Path, coder: str = "AB", **options) -> CodableResult:
    """A result with ``every_kind`` of decision beside it."""
    material = material_in(folder, **options)
    write_coding(folder, every_kind(material, coder))
    return material


def renamed(coding: Coding, coder: str) -> Coding:
    """The same decisions of another coder."""
    return Coding(tuple(replace(each, coder=coder) for each in coding.decisions))

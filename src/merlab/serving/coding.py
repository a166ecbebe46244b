"""Decisions of coders on the page: each is written to coding.csv as it is made, and none replaces another unseen."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from merlab.coding.boris import write_boris
from merlab.coding.codable_result import CodableResult, read_codable
from merlab.coding.decisions import Coding, Decision, now
from merlab.coding.elan_writing import write_elan
from merlab.coding.events import chosen_coder, coded_events
from merlab.coding.file import read_coding, require_fit, write_coding
from merlab.coding.tables import CodedVideo, write_coded_table
from merlab.elan.writing import NOWHERE, Links, beside
from merlab.errors import MerlabError
from merlab.outputs.locks import InUseError, only_writer
from merlab.outputs.result_folder import CODING
from merlab.serving.coding_answers import CodingAnswer, DecisionChange, ListedDecision
from merlab.serving.limits import RefusedError
from merlab.storage import WriteError
from merlab.videos.moved import UNIT_NAMES
from merlab.videos.result import OVERLAY

ExportName = Literal["coded.csv", "coded.eaf", "boris.csv", "boris.xlsx"]
# Requests of one service wait for each other; another program that writes the same file makes a request fail.
_CHANGING = threading.Lock()


def decisions(folder: Path) -> CodingAnswer:
    """The decisions beside the result in a folder."""
    material = _material(folder)
    with _without_paths(folder):
        return _answer(material, read_coding(material))


def change(folder: Path, sent: DecisionChange) -> CodingAnswer:
    """Make one change and return all decisions.

    Raises RefusedError (422) for no change, (409) if the decision is not what the page showed, because another tab,
    coder or program has changed it, or if the coder has another event in its frames, and (400) for a decision that does
    not fit the result; coding.csv then stays as it is.
    """
    if sent.seen is None and sent.decision is None:
        raise RefusedError(422, "the request changes nothing; send a decision, or the one seen to take it back")
    material = _material(folder)
    with _CHANGING, _without_paths(folder), only_writer(folder / CODING):
        coding = _changed(read_coding(material), sent, material)
        write_coding(folder, coding)
    return _answer(material, coding)


def export(folder: Path, name: ExportName, coder: str | None, video: str) -> bytes:
    """The coded events as a file for another program; raises RefusedError where nothing was decided.

    ``video`` is the user's name of the video, which programs find beside the file.
    """
    with tempfile.TemporaryDirectory() as aside, _without_paths(folder):
        out, material = Path(aside) / name, _material(folder)
        coding = read_coding(material)
        coder = chosen_coder(material, coding, coder)
        if name == "coded.eaf":
            links = Links(NOWHERE, beside(OVERLAY if material.source.is_dir() else video))
            write_elan(out, material, coding, [coder], links)
        else:
            write = write_coded_table if name == "coded.csv" else write_boris
            write(out, [CodedVideo(_under(video, material), coded_events(material, coding, coder))])
        return out.read_bytes()


def _under(video: str, material: CodableResult) -> CodableResult:
    """The result of an upload, which is removed by now, under the user's name of it; a local file keeps its path."""
    uploaded = material.source.is_relative_to(material.folder.parent)
    return replace(material, source=Path(video)) if uploaded else material


def _changed(coding: Coding, sent: DecisionChange, material: CodableResult) -> Coding:
    seen = sent.seen.decided("") if sent.seen else None
    new = sent.decision.decided(now()) if sent.decision else None
    present = {each.key: each for each in coding.decisions}
    if seen is not None:
        _require_seen(present.pop(seen.key, None), seen)
        coding = coding.without(seen)
    if new is None:
        return coding
    if seen is not None and new.key in present:
        raise RefusedError(
            409,
            f"another movement of this coder is in frames {new.onset} to {new.offset} already; choose other frames, or "
            "remove one of the two",
        )
    _require_seen(present.get(new.key), None)
    require_fit(new, material)
    return coding.with_decision(new)


def _require_seen(present: Decision | None, seen: Decision | None) -> None:
    """Raises RefusedError unless the present decision says what the page showed."""
    if (present is None) != (seen is None) or (present and seen and not present.same_as(seen)):
        raise RefusedError(
            409,
            "this movement was decided in another tab or program since it was shown here; the page now shows that "
            "decision, and yours was not saved: decide again",
        )


def _answer(material: CodableResult, coding: Coding) -> CodingAnswer:
    return CodingAnswer(
        decisions=[_listed(material, decision) for decision in coding.sorted().decisions], unit_names=UNIT_NAMES
    )


def _listed(material: CodableResult, decision: Decision) -> ListedDecision:
    seconds = {
        f"{name}_s": None if frame is None else round(material.clock.seconds_of(frame), 5)
        for name, frame in (("onset", decision.onset), ("apex", decision.apex), ("offset", decision.offset))
    }
    return ListedDecision(**vars(decision), **seconds)


def _material(folder: Path) -> CodableResult:
    with _without_paths(folder):
        return _kept_material(folder)


@lru_cache(maxsize=4)
def _kept_material(folder: Path) -> CodableResult:
    """The finished result of a job does not change; its table of frames may be large."""
    return read_codable(folder)


@contextmanager
def _without_paths(folder: Path) -> Iterator[None]:
    """Errors as answers: paths of this machine are left out, an option is one of the address."""
    try:
        yield
    except RefusedError:
        raise
    except InUseError as error:
        raise RefusedError(409, "another program is writing the decisions; try again in a moment") from error
    except MerlabError as error:
        told = str(error).replace(f"{folder}{os.sep}", "").replace(str(folder), "this result")
        told = told.replace("--coder", "coder=")
        raise RefusedError(507 if isinstance(error, WriteError) else 400, told) from error

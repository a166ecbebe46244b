"""The folder of a result while it is made: the old result stays until the new one is complete, and work is kept.

Two hidden folders are in it: ``.working`` holds the new result until it is complete, ``.kept`` what took long and is
useful for the next request. While a finished result is there that was made of other work, the new work is kept in
``.working/.kept``. Both state the request that they were made for, and of what kind the result is.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.given import require_yes_or_no
from merlab.json_files import read_json_object, write_json
from merlab.outputs.changed_settings import as_stated
from merlab.outputs.claims import ChangedVideoError, OtherResultError, require_same, warn_of_unfinished
from merlab.outputs.locks import INSIDE, only_writer
from merlab.outputs.system_files import is_added
from merlab.storage import WriteError, move, remove_unfinished

WORKING, KEPT, REQUEST, RESULT = ".working", ".kept", "request.json", "result"
# Where version 0.2.0 kept unfinished results of `merlab recognize`, which no later one can continue, and its request.
OF_0_2, REQUEST_OF_0_2 = ".parts", "asked.json"
# In a stored request: what kind of result it is for, in words.
KIND = "holds"
# The decisions of coders about a result, which lie beside its tables.
CODING = "coding.csv"
# What a request states about the frames, by which two requests of the same frames are known.
FRAMES = ("bytes", "modified_ns", "frames_promised")


@dataclass(frozen=True)
class ResultFolder:
    """The folder ``out`` of a result; only the process that holds its lock may change it.

    Attributes:
        metadata: the name of the file that marks a finished result; it is written last.
        holds: what the content is, for messages.

    """

    out: Path
    metadata: str
    holds: str

    @property
    def working(self) -> Path:
        """Where the new result is made."""
        return self.out / WORKING

    @property
    def result(self) -> Path:
        """The complete new files, before they take the place of the old ones."""
        return self.working / RESULT

    @property
    def is_finished(self) -> bool:
        """Whether it holds a finished result."""
        return (self.out / self.metadata).is_file()

    def claim(self, work: Mapping[str, object], request: Mapping[str, object], again: bool) -> Path:
        """Prepare the folder for a request, and return the folder of what is kept.

        Kept ``work`` is used for every request that states the same ``work``. Raises MerlabError where the folder holds
        anything else, and, without ``again``, unfinished work that differs.
        """
        require_yes_or_no(again=again)
        self.require_ours()
        self._remove_work_of_0_2(again)
        self._require_same_frames_if_coded(request)
        remove_unfinished(self.out, older_than=0)
        kept = self._kept_for(work, again)
        if _stated(self.working) != request:
            for path in self.working.glob("*"):
                if path.is_dir() and path.name != KEPT:
                    shutil.rmtree(path, ignore_errors=True)
            self._state(self.working, request)
        return kept

    def require_ours(self) -> None:
        """Raises MerlabError where the folder holds anything but results of this kind."""
        out = self.out
        kinds = {_kind(out / name) for name in (WORKING, KEPT) if (out / name).is_dir()}
        for other in kinds - {self.holds, None}:
            raise MerlabError(f"{out} holds {other}, not {self.holds}; choose another folder")
        if not out.exists() or self.is_finished or self.holds in kinds:
            return
        # Earlier versions did not state the kind; their unfinished work is known by the lack of visible files.
        names = [path.name for path in out.iterdir() if not is_added(path.name)] if out.is_dir() else [out.name]
        hidden_is_ours = kinds or self._work_of_0_2.exists()
        if any(not name.startswith("." if hidden_is_ours else INSIDE) for name in names):
            raise MerlabError(f"{out} exists and contains no {self.holds}; choose another folder")

    @property
    def _work_of_0_2(self) -> Path:
        return self.out / OF_0_2 / REQUEST_OF_0_2

    def _remove_work_of_0_2(self, again: bool) -> None:
        if not self._work_of_0_2.exists():
            return
        if not again:
            raise OtherResultError(
                f"{self.out} holds an unfinished result that merlab 0.2.0 began, which this one cannot continue. Add "
                "--again (in Python, again=True) to make it from the start, or choose another output"
            )
        shutil.rmtree(self._work_of_0_2.parent, ignore_errors=True)

    def _require_same_frames_if_coded(self, request: Mapping[str, object]) -> None:
        """Refuse to replace what coders have decided about other frames: they would not see that events changed."""
        coding = self.out / CODING
        before = self._made_for()
        if coding.exists() and any(before.get(name) != request.get(name) for name in FRAMES):
            same_video = before.get("source") == request["source"]
            raise (ChangedVideoError if same_video else OtherResultError)(
                f"{coding} holds decisions of coders about another video than {request['source']}, or about frames "
                "that have changed since; move it into another folder, or choose another folder for the new result "
                "(`merlab coding import` brings decisions back)"
            )

    def _made_for(self) -> dict[str, Any]:
        """The request of the result that is there; of unfinished work where there is no result."""
        if not self.is_finished:
            return _stated(self.working) or _stated(self.out / KEPT)
        try:
            asked = read_json_object(self.out / self.metadata).get("asked")
        except MerlabError:
            return {}
        return asked if isinstance(asked, dict) else {}

    def _kept_for(self, work: Mapping[str, object], again: bool) -> Path:
        beside, aside = self.out / KEPT, self.working / KEPT
        for kept in (aside, beside):
            if _stated(kept) == as_stated(_stated(kept), work):
                return kept
        kept = aside if self.is_finished else beside
        if kept.is_dir() and not again:
            require_same(self.out, _stated(kept), work, f"unfinished {self.holds}")
        shutil.rmtree(kept, ignore_errors=True)
        self._state(kept, work)
        return kept

    def _state(self, folder: Path, request: Mapping[str, object]) -> None:
        """Write what a hidden folder is made for."""
        write_json(folder / REQUEST, {KIND: self.holds, **request})

    def hand_over(self, kept: Path, optional: Sequence[str] = ()) -> None:
        """Put the new files and what is kept in the place of the old ones, the metadata last.

        ``optional`` names files that a result need not have. Raises WriteError for one that cannot be replaced, as
        where another program has it open on Windows; the next request then finds what is kept.
        """
        try:
            (self.out / self.metadata).unlink(missing_ok=True)
            for name in optional:
                (self.out / name).unlink(missing_ok=True)
            if kept != self.out / KEPT:
                shutil.rmtree(self.out / KEPT, ignore_errors=True)
                move(kept, self.out / KEPT)
            for path in sorted(self.result.iterdir(), key=lambda path: path.name == self.metadata):
                if path.is_dir():
                    shutil.rmtree(self.out / path.name, ignore_errors=True)
                move(path, self.out / path.name)
        except OSError as error:
            raise WriteError.at(Path(error.filename2 or error.filename or self.out), error) from error
        shutil.rmtree(self.working, ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Remove what ``again`` left when it was killed, beside a finished result that is used instead.

        What took long stays, and a warning says so; while another process makes the new result, all of it stays.
        """
        if not self.working.is_dir():
            return
        with suppress(MerlabError), only_writer(self.out):
            if not (self.working / KEPT).is_dir():
                shutil.rmtree(self.working, ignore_errors=True)
            else:
                warn_of_unfinished(self.working)

    def discard(self, kept: Path) -> None:
        """Remove unfinished work, and the folder if there are no other files in it."""
        if not self.is_finished:
            shutil.rmtree(kept, ignore_errors=True)
        shutil.rmtree(self.working, ignore_errors=True)
        with suppress(OSError):
            self.out.rmdir()


def _stated(folder: Path) -> dict[str, Any]:
    """The request in a folder; empty where there is none that can be read."""
    return {name: value for name, value in _read(folder).items() if name != KIND}


def _kind(folder: Path) -> str | None:
    """What kind of result a folder is for; None where it does not state it."""
    kind = _read(folder).get(KIND)
    return kind if isinstance(kind, str) else None


def _read(folder: Path) -> dict[str, Any]:
    try:
        return read_json_object(folder / REQUEST)
    except MerlabError:
        return {}

"""The output folder of synthetic faces: it belongs to one set of settings, and is resumed only by the same versions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from pydantic import BaseModel

from merlab.errors import MerlabError
from merlab.frames import require_utf8
from merlab.given import as_whole
from merlab.json_files import read_json_object, write_json
from merlab.outputs.claims import OtherResultError, claimed_folder
from merlab.processes.pool import dealt_out
from merlab.processes.streams import stream_from_processes
from merlab.progress import Progress
from merlab.stamps import stamps_of_recordings
from merlab.version import __version__

SETTINGS = "SYNTHETIC_settings.json"
MANIFEST = "SYNTHETIC_manifest.json"
README = "README.txt"
# Every file of synthetic faces, flow or recordings, by its path in the folder.
WRITTEN = re.compile(
    r"README\.txt|SYNTHETIC[_-][a-z]+\.(json|csv|xlsx)"
    r"|(Cropped|CASME2-RAW)/sub\d+/EP\w+/(reg_)?img\d+\.jpg"
    r"|SYNTHETIC_truth/sub\d+/EP\w+\.npz|SYNTHETIC_flow/sub\d+\.npz"
    r"|SYNTHETIC_(raw_)?videos/SYNTHETIC_sub\d+(\.\w+|/img\d+\.jpg)"
)
# The folder in which each kind of content lies.
CONTENT = {"synthetic faces": "Cropped", "synthetic flow": "SYNTHETIC_flow", "synthetic recordings": "SYNTHETIC_videos"}
# Subjects or clips; more would fill the memory before the first face.
MOST_COUNTED = 1_000_000

Item = TypeVar("Item")


def is_synthetic(source: Path) -> bool:
    """Whether merlab made a video or a folder of frames: it lies in a folder of merlab's, or is named SYNTHETIC_...

    A recording that was moved or copied keeps its name; so does one behind a link.
    """
    places = (source.absolute(), source.resolve())
    inside = any((folder / MANIFEST).is_file() for place in places for folder in (place, *place.parents))
    return inside or bool(stamps_of_recordings(place.name for place in places))


@contextmanager
def claimed(out: Path, settings: BaseModel, again: bool, holds: str) -> Iterator[Path]:
    """Be the only writer of ``out`` for these settings; yields the folder to write into. ``holds`` is for messages.

    Raises MerlabError if the folder is used by another process or holds anything else, or if its name is not valid
    UTF-8. ``again`` replaces a complete folder, or one of other settings, when the new one is complete; another kind of
    content is never replaced.
    """
    # OpenCV ends the process when it writes a video there.
    require_utf8(out)
    _require_no_other_kind(out, holds)
    with claimed_folder(
        out,
        SETTINGS,
        settings.model_dump(mode="json"),
        holds,
        again=again,
        is_complete=_cannot_be_continued,
        writes=WRITTEN.fullmatch,
        unchecked={"versions": stack_versions()},
    ) as folder:
        yield folder


def _require_no_other_kind(out: Path, holds: str) -> None:
    other = next((kind for kind, name in CONTENT.items() if kind != holds and (out / name).is_dir()), None)
    if other and (out / SETTINGS).is_file():
        raise MerlabError(f"{out} holds {other}, not {holds}; choose another output")


def write_waiting(
    out: Path,
    work: Callable[[Sequence[Item]], Iterator[object]],
    waiting: Sequence[Item],
    steps: tuple[int, int],
    jobs: int | None,
    progress: Progress,
    activity: str,
) -> None:
    """Write what waits in several processes; ``work`` writes some of it, and yields after each step.

    ``steps`` are how many are done, and all. Raises MerlabError if the folder was started with other versions.
    """
    require_same_versions(out)
    done, total = steps
    progress(done, total, "painting faces")
    with closing(stream_from_processes(work, dealt_out(waiting, jobs))) as written:
        for count, _ in enumerate(written, start=done + 1):
            progress(count, total, activity)


def require_same_versions(out: Path) -> None:
    """Raises MerlabError if the folder was started with other versions, because their bytes may differ."""
    if _started_with(out) != stack_versions():
        change = f"was started with {_other_versions(out)}"
        raise OtherResultError(
            f"{out} {change}; add --again to start it again, install the former versions, or choose a new folder",
            [f"it {change}"],
        )


def warn_of_other_versions(out: Path) -> None:
    """Warn where a complete folder, which is used as it is, was made with other versions."""
    if _started_with(out) != stack_versions():
        warnings.warn(
            f"{out} was made with {_other_versions(out)}; it is used as it is, and a new folder gets what they make",
            stacklevel=4,
        )


def _other_versions(out: Path) -> str:
    return (
        f"{_listed(_started_with(out))}, but the installed versions are {_listed(stack_versions())}, whose bytes may "
        "differ"
    )


def _cannot_be_continued(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or _started_with(folder) != stack_versions()


def _started_with(folder: Path) -> object:
    return read_json_object(folder / SETTINGS).get("versions")


def write_manifest(out: Path, manifest: BaseModel) -> None:
    """Write the manifest of the folder; write it last, because it marks the folder as complete."""
    write_json(out / MANIFEST, manifest.model_dump(mode="json"))


def is_described(out: Path, *tables: str) -> bool:
    """Whether a folder has its manifest, its README and these tables; one of them may have been removed since."""
    return all((out / name).is_file() for name in (MANIFEST, README, *tables))


def require_counts(**values: object) -> None:
    """Raises MerlabError with the first value that is no whole number from 1 to MOST_COUNTED."""
    for name, value in values.items():
        as_whole(value, name, 1, MOST_COUNTED)


def stack_versions() -> dict[str, str]:
    """Package -> version, for all packages that the bytes depend on."""
    import openpyxl

    return {
        "merlab": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "openpyxl": openpyxl.__version__,
        "pyav": version("av"),
    }


def _listed(versions: object) -> str:
    if not isinstance(versions, dict):
        return "unknown versions"
    return ", ".join(f"{package} {number}" for package, number in versions.items())

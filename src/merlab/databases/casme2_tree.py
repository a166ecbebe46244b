"""The folders of CASME II's frames: which layout lies below a folder, and where each clip is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from merlab.clips import IMAGE_SUFFIXES, VIDEO_SUFFIXES, frame_number
from merlab.databases.casme2_table import SUBJECT_FOLDER, walk_folders
from merlab.errors import MerlabError

# The folders of the release by what they hold, the most useful first: a layout is told by its frames, not its name.
CROPPED = "Cropped: registered faces, onset to offset (reg_img46.jpg)"
SELECTED = "CASME2_RAW_selected: whole heads, onset to offset (img46.jpg)"
WHOLE = "CASME2-RAW: whole heads, the whole clip from img1.jpg on"
COMPRESSED = "CASME2_compressed: one video a clip, the whole clip from frame 1 on"
PREFERENCE = (CROPPED, SELECTED, WHOLE, COMPRESSED)
CLIPS_LOOKED_AT = 5


@dataclass(frozen=True)
class Layout:
    """A folder that holds ``sub01``, ``sub02`` and so on, each with one folder or one video a clip."""

    folder: Path

    @cached_property
    def subjects(self) -> dict[str, Path]:
        """Subject id -> folder."""
        found = (path for path in sorted(self.folder.iterdir()) if SUBJECT_FOLDER.match(path.name))
        return {path.name.lower(): path for path in found if path.is_dir()}

    @cached_property
    def clips(self) -> Mapping[tuple[str, str], Path]:
        """(subject, clip) -> folder of frames or video."""
        return {
            (subject, path.name if path.is_dir() else path.stem): path
            for subject, folder in self.subjects.items()
            for path in sorted(folder.iterdir())
            if not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES)
        }

    @cached_property
    def kind(self) -> str:
        """One of PREFERENCE, told by the first few clips that hold anything."""
        sources = list(self.clips.values())
        if sources and all(source.is_file() for source in sources):
            return COMPRESSED
        folders = [files for source in sources if source.is_dir() and (files := _frame_names(source))]
        looked_at = folders[:CLIPS_LOOKED_AT]
        if any(name.startswith("reg_") for names in looked_at for name in names.values()):
            return CROPPED
        return WHOLE if looked_at and all(min(names) == 1 for names in looked_at) else SELECTED


def find_layouts(root: Path) -> list[Layout]:
    """Every layout at or below ``root`` that holds clips, the preferred one first; empty when there is none.

    Raises MerlabError when two of the preferred kind lie there: which one is meant must be said.
    """
    found = (Layout(folder) for folder, _, _ in walk_folders(root))
    layouts = sorted((layout for layout in found if layout.clips), key=lambda layout: PREFERENCE.index(layout.kind))
    if len(layouts) > 1 and layouts[0].kind == layouts[1].kind:
        alike = [str(layout.folder) for layout in layouts if layout.kind == layouts[0].kind]
        raise MerlabError(
            f"{root} holds the same frames more than once: {', '.join(alike)} are each in the layout "
            f"{layouts[0].kind}; give one of these folders as the root"
        )
    return layouts


def _frame_names(folder: Path) -> dict[int, str]:
    numbered = ((frame_number(path), path) for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    return {number: path.name for number, path in numbered if number is not None}

"""Find the layouts (folders of frames) below a folder, and the clips in each layout."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from merlab.databases.coded.folders import entries, frame_names, numbered_names
from merlab.databases.coded.release import CLIPS_EXAMINED, SUBJECT_WORDS, FrameKind, Release, is_registered
from merlab.databases.coded.table_search import walk_folders
from merlab.errors import MerlabError
from merlab.frames import open_frames

# What programs add to the name of a second copy: ``006 (1)``, ``006 - Copy``, ``006 copy``.
COPY = re.compile(r" (?:\(\d+\)|(?:- )?copy(?: ?\(?\d+\)?)?)$", re.IGNORECASE)


class ListedFrames(NamedTuple):
    """The frame numbers of a folder or video, ascending, and whether they are registered faces by their names."""

    numbers: Sequence[int]
    registered: bool


@dataclass(frozen=True)
class Layout:
    """A folder with one folder per subject, which contains one folder or one video per clip.

    With ``parts``, the folders of subjects lie in several folders below it, as where several archives were unpacked.
    """

    folder: Path
    release: Release
    parts: tuple[Path, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that hold the folders of subjects."""
        return self.parts or (self.folder,)

    @cached_property
    def subjects(self) -> dict[str, Path]:
        """Subject id -> folder; the first one if there are several, such as s1 and s01."""
        if self.release.layout.subject_of is not None:
            return {subject: paths[0].parent for (subject, _), paths in reversed(self.sources.items())}
        return {self._subject_named(folder): folder for folder in reversed(self._subject_folders)}

    @property
    def _subject_folders(self) -> list[Path]:
        form = self.release.layout
        found = (path for folder in self.folders for path in entries(folder))
        return [path for path in found if path.is_dir() and form.is_subject(path.name)]

    def _subject_named(self, folder: Path) -> str:
        return self.release.table.subject(folder.name) or folder.name

    @cached_property
    def sources(self) -> dict[tuple[str, str], list[Path]]:
        """(subject, clip) -> all folders of frames and videos that have this name."""
        form, found = self.release.layout, dict[tuple[str, str], list[Path]]()
        for folder in self._subject_folders:
            for path in form.clips_of(folder):
                subject = form.subject_of(path) if form.subject_of else self._subject_named(folder)
                found.setdefault((subject, self.release.table.clip(form.name_of(path))), []).append(path)
        return found

    @cached_property
    def clips(self) -> Mapping[tuple[str, str], Path]:
        """(subject, clip) -> folder of frames or video; without clips that have several."""
        return {key: paths[0] for key, paths in self.sources.items() if len(paths) == 1}

    @property
    def repeated(self) -> Mapping[tuple[str, str], list[Path]]:
        """(subject, clip) -> its folders and videos, for clips that have several."""
        return {key: paths for key, paths in self.sources.items() if len(paths) > 1}

    @cached_property
    def kind(self) -> FrameKind:
        """The kind of the frames, from the first clips that are folders of images; videos have no image files."""
        sources = [path for paths in self.sources.values() for path in paths]
        folders = (files for source in sources if source.is_dir() and (files := frame_names(source)))
        examined = list(islice(folders, CLIPS_EXAMINED))
        return next(kind for kind in self.release.layout.kinds if kind.matches(examined))

    @cached_property
    def frames_of(self) -> Callable[[Path], ListedFrames]:
        """Gives what the frames of a folder or video are; kept, because many rows may be of one long video.

        Raises ClipError as ``open_frames`` does.
        """
        return cache(_frames_of)

    @cached_property
    def unknown_folders(self) -> list[Path]:
        """Folders that belong to no subject but contain images, directly or one level below."""
        return [
            path
            for folder in self.folders
            for path in entries(folder)
            if path.is_dir() and not self.release.layout.is_subject(path.name) and _contains_images(path)
        ]


def _frames_of(source: Path) -> ListedFrames:
    frames = open_frames(source)
    named = list(numbered_names(source)) if source.is_dir() else []
    numbers = {number for number, _ in named}
    # Two files of one number, no file and a video are the business of ``open_frames``.
    alone = bool(named) and len(numbers) == len(named)
    registered = any(is_registered(name) for _, name in named)
    return ListedFrames(sorted(numbers) if alone else frames.numbers, registered)


def layouts_below(root: Path, release: Release) -> list[Layout]:
    """All layouts at or below ``root`` that contain clips; a layout of links to the clips of another is left out."""
    found: dict[frozenset[Path], Layout] = {}
    for folder, _, _ in walk_folders(root, release):
        layout = Layout(folder, release)
        if layout.sources:
            paths = (path.resolve() for same in layout.sources.values() for path in same)
            found.setdefault(frozenset(paths), layout)
    return list(found.values())


def misnamed_subjects(folder: Path, release: Release) -> dict[str, str]:
    """Folder name -> the subject that it seems to be, for folders of frames whose names are nearly right."""
    is_subject = release.layout.is_subject
    meant = {
        path: path.name.strip() if is_subject(path.name.strip()) else subject_meant(path.name, release)
        for path in entries(folder)
        if path.is_dir()
    }
    return {
        path.name: subject
        for path, subject in meant.items()
        if subject and not is_subject(path.name) and _holds_clips(path, release)
    }


def subject_meant(name: str, release: Release) -> str | None:
    """The subject whose number a folder name states in any spelling, ``sub01`` for ``s1``; None if it states none."""
    name = COPY.sub("", name.strip())
    match = re.fullmatch(rf"(?:{SUBJECT_WORDS})?[ _.-]*0*(\d{{1,3}})", name, re.IGNORECASE)
    return release.table.subject(match.group(1)) if match else None


def by_preference(root: Path, layouts: Sequence[Layout], listed: Set[tuple[str, str]] = frozenset()) -> list[Layout]:
    """The layouts in the order of preference of their kinds; ``listed`` are the (subject, folder) pairs of a table.

    Layouts with folders of the table come first, because the others may be of another database. Those of the preferred
    kind are taken together, such as the training set of a challenge beside its test sets. Raises MerlabError if they
    hold a clip more than once, because the user must choose one.
    """
    if not layouts:
        return []
    layouts = sorted(layouts, key=lambda layout: layout.release.layout.kinds.index(layout.kind))
    fitting = [layout for layout in layouts if listed & layout.sources.keys()] or layouts
    preferred = [layout for layout in fitting if layout.kind == fitting[0].kind]
    clips = [key for layout in preferred for key in layout.sources]
    if len(clips) > len(set(clips)):
        alike = ", ".join(str(layout.folder) for layout in preferred)
        raise MerlabError(
            f"{root} holds the same frames more than once: {alike} all have the layout {preferred[0].kind.title}; "
            "give one of these folders as the root"
        )
    return [_together(preferred), *(layout for layout in layouts if layout not in preferred)]


def _together(layouts: Sequence[Layout]) -> Layout:
    if len(layouts) == 1:
        return layouts[0]
    parts = tuple(folder for layout in layouts for folder in layout.folders)
    return Layout(Path(os.path.commonpath(parts)), layouts[0].release, parts)


def _holds_clips(subject: Path, release: Release) -> bool:
    return any(not path.is_dir() or frame_names(path) for path in release.layout.clips_of(subject))


def _contains_images(folder: Path) -> bool:
    below = (path for path in entries(folder) if path.is_dir())
    return any(frame_names(path) for path in (folder, *below))

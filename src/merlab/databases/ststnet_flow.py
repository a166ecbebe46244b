"""The released optical flow of MEGC2019: images of 28 x 28 px, part of the STSTNet and HTNet releases.

Format: ``<root>/<subject>/u_train|u_test/<class>/<name> .png`` (with a space before the suffix), RGB = u, v, optical
strain; each channel of each image is stretched separately to 0..255. ``u_train`` repeats the images that other subjects
have in ``u_test``, so only ``u_test`` is read. Classes: 0 negative, 1 positive, 2 surprise, as in the official MEGC2019
list. Subjects: ``sub01`` CASME II, ``s01`` SMIC-HS, ``006`` SAMM. The full release has 442 clips of 68 subjects.

The flow comes from real faces, but the release has no frames: only flow recipes at the stored size can be used.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from merlab.clips import Clip, ClipTable, Finding
from merlab.databases.coded.folders import entries, fault_of_folder, is_folder, listing_fault
from merlab.databases.database import Database, Examination
from merlab.errors import MerlabError
from merlab.frames import ClipError, read_image
from merlab.frames.opening import dead_link, leads_nowhere
from merlab.given import require_folder
from merlab.progress import Progress
from merlab.spelling import counted

TEST_FOLDER = "u_test"
EMOTIONS = {"0": "negative", "1": "positive", "2": "surprise"}
SIDE = 28

# Pattern of the subject's name, database, frames per second as published for the database.
ORIGINS = ((r"sub\d+", "casme2", 200.0), (r"s\d+", "smic", 100.0), (r"\d{3}", "samm", 200.0))

# MEGC2019's composite database: clips of classes 0, 1, 2.
PUBLISHED = {"casme2": (88, 32, 25), "smic": (70, 51, 43), "samm": (92, 26, 15)}


def subject_origin(subject: str) -> tuple[str, float] | None:
    """The database and frame rate of a subject, from its name; None if the name has no known pattern."""
    for pattern, database, fps in ORIGINS:
        if re.fullmatch(pattern, subject):
            return database, fps
    return None


def subject_of(name: str) -> tuple[str, int] | None:
    """The database and number of a subject: the same for ``sub2`` and ``sub02``; None as ``subject_origin`` gives."""
    origin = subject_origin(name)
    return None if origin is None else (origin[0], int(re.sub(r"\D", "", name)))


def examine(root: Path, deep: bool, progress: Progress) -> Examination:
    """Read the layout; ``deep`` also decodes every image. Raises MerlabError if ``root`` does not have this layout."""
    require_folder(root, "give the folder that holds sub01, s01, 006 and so on")
    subjects = [path for path in entries(root) if is_folder(path / TEST_FOLDER)]
    if not subjects:
        raise MerlabError(
            f"{root} has no folder <subject>/{TEST_FOLDER}; give the folder of the release that holds "
            "sub01, s01, 006 and so on"
        )
    clips: list[Clip] = []
    findings = [_no_test_folder(path) for path in entries(root) if _lacks_test_folder(path)]
    one_person, repeated = _of_one_person(subjects)
    findings += repeated
    for done, subject in enumerate(subjects, start=1):
        found, faults = _examine_subject(subject, deep) if subject not in one_person else ([], [])
        clips += found
        findings += faults
        progress(done, len(subjects), subject.name)
    findings += _compare_counts(clips)
    databases = Counter(clip.database for clip in clips)
    facts = {
        "layout": f"<subject>/{TEST_FOLDER}/<class>/<name>.png",
        "clips": ", ".join(f"{name} {count}" for name, count in sorted(databases.items())) or "none",
        "subjects": str(len({clip.group for clip in clips})),
        "flow": "as released by its authors (TV-L1), 28x28, u v strain, each channel stretched separately",
    }
    return Examination(ClipTable(tuple(clips)), tuple(findings), facts)


def _lacks_test_folder(folder: Path) -> bool:
    named = subject_origin(folder.name) is not None and (folder.is_dir() or leads_nowhere(folder))
    return named and not is_folder(folder / TEST_FOLDER)


def _no_test_folder(folder: Path) -> Finding:
    remedy = f"copy the subject's {TEST_FOLDER} again from the release; u_train repeats other subjects"
    found = listing_fault(folder) or dead_link(folder / TEST_FOLDER) or "none"
    return Finding("unusable", folder.name, f"a folder {TEST_FOLDER}", found, remedy)


def _of_one_person(subjects: Sequence[Path]) -> tuple[set[Path], list[Finding]]:
    """Folders whose names state the same subject, ``sub2`` and ``sub02``, and a finding about each such subject.

    Their clips would be of two people, so that one person is trained on and tested on.
    """
    by_subject: dict[tuple[str, int] | None, list[Path]] = defaultdict(list)
    for folder in subjects:
        by_subject[subject_of(folder.name)].append(folder)
    by_subject.pop(None, None)
    several = [folders for folders in by_subject.values() if len(folders) > 1]
    remedy = "remove all but the right folder; its name is as in the release: sub02 (CASME II), s02 (SMIC), 006 (SAMM)"
    findings = [
        Finding(
            "unusable", folders[0].name, "one folder per subject", " and ".join(each.name for each in folders), remedy
        )
        for folders in several
    ]
    return {folder for folders in several for folder in folders}, findings


def _examine_subject(folder: Path, deep: bool) -> tuple[list[Clip], list[Finding]]:
    origin = subject_origin(folder.name)
    if origin is None:
        expected = "sub01 (CASME II), s01 (SMIC) or 006 (SAMM)"
        return [], [
            Finding("unusable", folder.name, f"a subject named like {expected}", folder.name, "rename the folder")
        ]
    database, fps = origin
    clips: list[Clip] = []
    findings: list[Finding] = []
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in _images(folder / TEST_FOLDER, findings):
        by_name[path.stem.strip()].append(path)
    for name, paths in by_name.items():
        where = f"{folder.name} {name}"
        fault = (
            _of_another(folder.name, name)
            or _repetition(where, paths)
            or (image_fault(paths[0], where) if deep else None)
        )
        if fault:
            findings.append(fault)
        else:
            clips.append(_clip(database, folder.name, name, fps, paths[0]))
    return clips, findings


def _clip(database: str, subject: str, name: str, fps: float, source: Path) -> Clip:
    """A clip of one flow image, whose folder is its class."""
    return Clip(
        database=database,
        subject=subject,
        name=name,
        fps=fps,
        onset=None,
        apex=None,
        offset=None,
        action_units="",
        emotion=EMOTIONS[source.parent.name],
        source=source,
        apex_source="released",
        aligned=True,
    )


def _of_another(subject: str, name: str) -> Finding | None:
    """A finding if the name of an image, ``sub01_EP02``, begins with another subject than its folder's."""
    stated = subject_of(name.partition("_")[0])
    if stated in {None, subject_of(subject)}:
        return None
    remedy = "move the image to the folder of its subject, or correct its name"
    return Finding(
        "unusable", f"{subject} {name}", f"an image of {subject}", "the name of an image of another subject", remedy
    )


def _repetition(where: str, paths: list[Path]) -> Finding | None:
    """A finding about the clip ``where`` if several images of a subject have the same name; None for a single image."""
    if len(paths) == 1:
        return None
    found = " and ".join(f"{path.parent.name}/{path.name}" for path in paths)
    remedy = "keep the image in the class of MEGC2019's official list, and remove the others"
    return Finding("unusable", where, "one image per clip, in one class", found, remedy)


def _images(test_folder: Path, findings: list[Finding]) -> Iterator[Path]:
    """The .png files in the class folders, sorted; anything else is added to ``findings``."""
    for folder in (test_folder, *entries(test_folder)):
        if reason := fault_of_folder(folder):
            remedy = "give your user the right to read it, or copy it again from the release"
            findings.append(Finding("unusable", str(folder), "a folder that can be listed", reason, remedy))
    for folder in entries(test_folder):
        where = f"{test_folder.parent.name}/{TEST_FOLDER}/{folder.name}"
        if folder.name not in EMOTIONS or not folder.is_dir():
            expected = "class folders 0, 1 and 2"
            findings.append(
                Finding("differs", where, expected, folder.name, "nothing is read from it; move it elsewhere")
            )
            continue
        for path in entries(folder):
            if path.suffix.lower() == ".png":
                yield path
            else:
                remedy = "nothing is read from it; move it elsewhere"
                findings.append(Finding("differs", f"{where}/{path.name}", "only .png images", path.name, remedy))


def image_fault(path: Path, where: str) -> Finding | None:
    """A finding about the clip ``where`` if a flow image cannot be read, or has another shape than the release's."""
    remedy = "copy the file again from the release"
    try:
        image = read_image(path)
    except ClipError as error:
        return Finding("unusable", where, "a readable image", str(error), remedy)
    height, width = image.shape[:2]
    if (height, width) != (SIDE, SIDE):
        return Finding("unusable", where, f"{SIDE}x{SIDE} pixels", f"{width}x{height}", remedy)
    if not np.ptp(image, axis=2).any():
        return Finding("unusable", where, "three channels: u, v, optical strain", "a gray image", remedy)
    return None


def png_files(folder: Path) -> list[Path]:
    """The .png files of a folder, sorted; the suffix may be in capital letters."""
    return [path for path in entries(folder) if path.suffix.lower() == ".png"]


def _compare_counts(clips: list[Clip]) -> Iterator[Finding]:
    """Findings if a database is absent, or its counts differ from the published counts."""
    found = Counter((clip.database, clip.emotion) for clip in clips)
    for database, published in PUBLISHED.items():
        counts = tuple(found[database, emotion] for emotion in EMOTIONS.values())
        if counts != published:
            absent = not any(counts)
            yield Finding(
                "differs",
                database,
                f"{counted(sum(published), 'clip')} ({'/'.join(map(str, published))} negative/positive/surprise)",
                "none" if absent else f"{counted(sum(counts), 'clip')} ({'/'.join(map(str, counts))})",
                "results cover only the existing clips; for the full composite database, add the missing files",
            )


STSTNET_FLOW = Database(
    name="ststnet-flow",
    title="released 28x28 optical flow of CASME II, SMIC-HS and SAMM (MEGC2019)",
    access="public, in the STSTNet and HTNet code releases; no license is stated, so do not redistribute it",
    examine=examine,
)

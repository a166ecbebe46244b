"""Rows without a folder of frames, folders without a row, and what may be done: rename, copy, or read otherwise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from pathlib import Path

from merlab.clips import Finding, Severity
from merlab.databases.coded.clip import COPY_AGAIN
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.folders import entries, fault_of_folder, is_folder
from merlab.databases.coded.known_layouts import databases_like
from merlab.databases.coded.layout import Layout, misnamed_subjects, subject_meant
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row
from merlab.databases.coded.table_search import walk_folders
from merlab.frames.opening import dead_link, leads_nowhere
from merlab.outputs.system_files import is_of_system
from merlab.spelling import counted, first_of

NAMES_SHOWN = 5
UNLISTABLE = "nothing is read from it; give your user the right to read it, or copy it again from the original"
RESTORE = "restore what the link leads to, or copy it again from the original"


def no_layout(root: Path, release: Release) -> Finding:
    """The finding about a root without a layout; names another database, or folders that only need another name."""
    expected = f"folders {release.layout.looked_for}"
    for folder, _, _ in walk_folders(root, release):
        if others := databases_like([path for path in entries(folder) if path.is_dir()], release.name):
            remedy = f"this looks like {' or '.join(others)}: give that name, as in `merlab doctor {others[0]} {root}`"
            return Finding("unusable", str(folder), expected, "folders of another database", remedy)
        if misnamed := misnamed_subjects(folder, release):
            return Finding("unusable", str(folder), expected, first_of(misnamed, NAMES_SHOWN), renames(misnamed))
        if (package := release.layout.package) and (packaged := _folders_like(package[0], folder)):
            return Finding("unusable", str(folder), expected, first_of(packaged, NAMES_SHOWN), package[1])
    remedy = "unpack the frames of the release next to the coding table, then give the folder that holds both"
    return Finding("unusable", str(root), expected, "no such folders with frames", remedy)


def _folders_like(pattern: str, folder: Path) -> list[str]:
    """The names of the folders in this one that have such a name."""
    return [path.name for path in entries(folder) if re.fullmatch(pattern, path.name, re.IGNORECASE) and path.is_dir()]


def missing_sources(table: CodingTable, layout: Layout) -> Iterator[Finding]:
    """Findings about rows without a clip folder: of subjects without a folder, and of other clips, one per clip."""
    yield from _missing_subjects(table, layout)
    missing: dict[tuple[str, str], Row] = {}
    for row in table.rows:
        if row.subject in layout.subjects and (row.subject, row.folder) not in layout.sources:
            missing.setdefault((row.subject, row.folder), row)
    for row in missing.values():
        yield _missing_source(row, table, layout)


def _missing_subjects(table: CodingTable, layout: Layout) -> Iterator[Finding]:
    """Findings about subjects without a folder.

    There is one per clip behind a link that leads nowhere, one per subject whose folder may have another name, and one
    about all others.
    """
    release = layout.release
    by_subject: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        by_subject[row.subject].append(row)
    absent = [subject for subject in by_subject if subject not in layout.subjects]
    inside = (path for folder in layout.folders for path in entries(folder))
    folders = [path for path in inside if path.is_dir() and path.name not in by_subject]
    others = {path.name for path in folders if not databases_like([path], release.name)}
    apart = any(map(release.layout.is_subject, by_subject))
    # A folder of the layout that is such a link has a finding of its own.
    dead = {} if apart else _behind_dead_links([row for each in absent for row in by_subject[each]], folders, layout)
    yield from dead.values()
    without = {subject: [row for row in by_subject[subject] if row.folder not in dead] for subject in absent}
    hints = {
        subject: _rename_of_subject(subject, others, release, set(absent))
        if apart
        else _rename_of_clip(rows, others, table, layout)
        for subject, rows in without.items()
        if rows
    }
    for subject, hint in hints.items():
        if hint:
            rows = without[subject]
            folder = f"a folder {subject} with" if apart else f"a folder {rows[0].folder}, of"
            expected = f"{folder} {counted(len(rows), 'clip')} in {layout.folder}"
            yield Finding("unusable", subject, expected, "no such folder", hint)
    if lost := [subject for subject, hint in hints.items() if not hint]:
        clips = [row.folder for subject in lost for row in without[subject]]
        where = lost[0] if len(lost) == 1 else f"{len(lost)} of {len(by_subject)} subjects"
        named = f"{', '.join(lost)} with" if apart else f"{first_of(dict.fromkeys(clips), NAMES_SHOWN)}, of"
        expected = f"folders {named} {counted(len(clips), 'clip')} in {layout.folder}"
        yield Finding("unusable", where, expected, "no such folder", "copy these folders from the original")


def _behind_dead_links(rows: Sequence[Row], folders: Sequence[Path], layout: Layout) -> dict[str, Finding]:
    """A finding for each clip of these rows whose folder, in one of ``folders``, is a link that leads nowhere."""
    links = {path.name: link for folder in folders for path in entries(folder) if (link := dead_link(path))}
    return {
        row.folder: Finding(
            "unusable", row.where, f"a folder {row.folder} in {layout.folder}", links[row.folder], RESTORE
        )
        for row in rows
        if row.folder in links
    }


def _rename_of_subject(subject: str, names: Set[str], release: Release, absent: Set[str]) -> str | None:
    """A remedy if one of the folders ``names`` may be the subject under another name; None if none may be.

    A folder whose name states the number of another subject is not this one.
    """
    meant = subject_meant(subject, release) or subject
    same = [name for name in sorted(names) if subject_meant(name, release) == meant]
    without_number = {name for name in names if subject_meant(name, release) is None}
    return renames({same[0]: subject}) if same else rename_hint(subject, without_number, absent)


def _rename_of_clip(rows: list[Row], names: Set[str], table: CodingTable, layout: Layout) -> str | None:
    """A remedy if one of the folders ``names`` may be a clip of ``rows``, in a layout without folders of subjects.

    So there is for a clip in another folder than those of the layout.
    """
    unlisted_paths = (path for key, paths in layout.sources.items() if key not in table.listed for path in paths)
    places = (*layout.folders, *layout.unknown_folders, *unlisted_paths)
    elsewhere = (path / row.folder for path in places for row in rows)
    if deeper := next(filter(is_folder, elsewhere), None):
        return f"move {deeper} to where the clip belongs, in folders {layout.release.layout.looked_for}"
    unlisted = names - {row.folder for row in table.rows}
    absent = {row.folder for row in table.rows if (row.subject, row.folder) not in layout.sources}
    hints = (
        rename_hint(row.folder, {name for name in unlisted if may_be_one_clip(name, row.folder)}, absent)
        for row in rows
    )
    return next(filter(None, hints), None)


def _missing_source(row: Row, table: CodingTable, layout: Layout) -> Finding:
    expected = f"frames of {row.folder} in {layout.subjects[row.subject]}"
    found = "neither a folder nor a video of this name"
    quirk = layout.release.quirks_of(row.subject, row.folder).get("no folder")
    if quirk:
        return Finding("handled", row.where, expected, found, quirk.handling)
    of_row = (path for path in entries(layout.subjects[row.subject]) if row.folder in {path.name, path.stem})
    if link := next(filter(None, map(dead_link, of_row)), ""):
        return Finding("unusable", row.where, expected, link, RESTORE)
    return Finding("unusable", row.where, expected, found, _remedy_for_source(row, table, layout))


def _remedy_for_source(row: Row, table: CodingTable, layout: Layout) -> str:
    """Where the frames of a row may be instead, or under which name."""
    elsewhere = (*entries(layout.subjects[row.subject]), *layout.folders, *layout.unknown_folders)
    if deeper := [path for path in elsewhere if is_folder(path / row.folder)]:
        return f"move {deeper[0] / row.folder} into the folder of its subject, if it holds these frames"
    free = [key for key in layout.clips if key not in table.listed]
    owner = next((subject for subject, clip in free if clip == row.folder), None)
    # Clips of several subjects may have one name.
    if owner and [clip for _, clip in table.listed].count(row.folder) == 1:
        return f"{owner} has it without a row: if it is this clip, correct the subject; otherwise {COPY_AGAIN}"
    may_be = {clip for subject, clip in free if subject == row.subject and may_be_one_clip(clip, row.folder)}
    usual = [name for name in may_be if layout.release.table.is_usual(name)]
    if usual and not layout.release.table.is_usual(row.folder):
        return f"correct the name in the table to {' or '.join(sorted(usual))}, if the folder holds these frames"
    of_subject = {other.folder for other in table.rows if other.subject == row.subject}
    absent = {folder for folder in of_subject if (row.subject, folder) not in layout.sources}
    return rename_hint(row.folder, may_be, absent) or COPY_AGAIN


def unlisted_sources(table: CodingTable, layout: Layout) -> Iterator[Finding]:
    """Findings about folders without a row, and about folders of images that belong to no subject."""
    wanted = {(row.subject, row.folder) for row in table.rows}
    for subject, clip in layout.clips:
        if (subject, clip) in table.listed:
            continue
        quirk = layout.release.quirks_of(subject, clip).get("no row")
        absent = {name for owner, name in wanted - set(layout.clips) if owner == subject}
        close = _closest(clip, {name for name in absent if may_be_one_clip(clip, name)})
        remedy = "the clip is read from its folder alone" if (subject, clip) in wanted else "left out"
        if close:
            remedy = f"perhaps it is the clip {close} of the table under another name; otherwise {remedy}"
        yield Finding(
            "handled" if quirk else "differs",
            f"{subject} {clip}",
            "a row in the coding table",
            "a folder without a row",
            quirk.handling if quirk else remedy,
        )
    yield from unknown_folders(table, layout)


def unlistable_folders(root: Path, release: Release) -> Iterator[Finding]:
    """Findings about folders that cannot be listed, so that nothing is read from them; links to none are such too."""
    for folder, names, files in walk_folders(root, release):
        # A link that leads nowhere is among the files.
        for name in (*names, *(name for name in files if not Path(name).suffix and not is_of_system(name))):
            if fault := fault_of_folder(folder / name):
                yield unlistable(folder / name, fault, "differs")


def unlistable(folder: Path, fault: str, severity: Severity) -> Finding:
    """The finding about a folder that cannot be listed, or a link to none."""
    remedy = RESTORE if leads_nowhere(folder) else UNLISTABLE
    return Finding(severity, str(folder), "a folder that can be listed", fault, remedy)


def unknown_folders(table: CodingTable, layout: Layout) -> Iterator[Finding]:
    """Findings about folders of images that belong to no subject."""
    for path in layout.unknown_folders:
        expected = f"only folders {layout.release.layout.looked_for}"
        yield Finding("differs", path.name, expected, f"{path} contains images", _remedy_for(path, table, layout))


def _remedy_for(unknown: Path, table: CodingTable, layout: Layout) -> str:
    """What to do with a folder of no subject; the subject that it may be is one of the table that has no folder."""
    if others := databases_like([unknown], layout.release.name):
        return f"nothing is read from it; it looks like {' or '.join(others)}: move it elsewhere"
    subject, coded = subject_meant(unknown.name, layout.release), {row.subject for row in table.rows}
    absent = subject is not None and subject not in layout.subjects and (not coded or subject in coded)
    target = subject if absent else "the subject"
    return f"nothing is read from it; if it is a subject, rename it to {target}, otherwise move it elsewhere"


def renames(misnamed: Mapping[str, str]) -> str:
    """The remedy for folders whose names are nearly right: ``rename sub1 to sub01, sub2 to sub02``."""
    return f"rename {first_of((f'{_seen(name)} to {subject}' for name, subject in misnamed.items()), NAMES_SHOWN)}"


def rename_hint(wanted: str, names: Set[str], absent: Set[str]) -> str | None:
    """A remedy if one of ``names`` is perhaps ``wanted`` under another name; None if no name is similar.

    A name that is more similar to another one of those that are ``absent`` is not ``wanted``.
    """
    close = _closest(wanted, names)
    mine = close is not None and _closest(close, absent) == wanted
    return f"rename {_seen(close)} to {wanted}, if it holds these frames" if close and mine else None


def may_be_one_clip(one: str, other: str) -> bool:
    """Whether two names may be of one clip: EP02_1 and EP02_01 may, EP09_01 and EP02_01 not, nor s1_ne_01 and s1_po_01.

    Their numbers are the same, or one name lacks some, as where it is cut off or the other is of a copy.
    """
    fewer, more = sorted(([int(number) for number in re.findall(r"\d+", name)] for name in (one, other)), key=len)
    within = any(more[place : place + len(fewer)] == fewer for place in range(len(more) - len(fewer) + 1))
    digits = [re.sub(r"\D", "", name) for name in (one, other)]
    words = [re.findall(r"[^\W\d_]{2,}", name.lower()) for name in (one, other)]
    alike = len(words[0]) != len(words[1]) or all(set(a) & set(b) for a, b in zip(*words, strict=True))
    return (within or digits[0] == digits[1]) and alike


def _seen(name: str) -> str:
    """A name for messages, in quotes where blanks around it would not be seen."""
    return name if name == name.strip() and name.isprintable() else repr(name)


def _closest(wanted: str, names: Set[str]) -> str | None:
    by_lower = {name.lower(): name for name in sorted(names)}
    close = get_close_matches(wanted.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None

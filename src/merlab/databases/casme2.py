"""CASME II: 255 coded micro-expressions of 26 subjects at 200 frames a second.

Layout: a coding table (``CASME2-coding-20140508.xlsx`` or ``CASME2-coding-20190701.xlsx``) and the frames, one folder a
clip, ``Cropped/sub01/EP02_01f/reg_img46.jpg``, or one of the other folders of the release (``casme2_tree``). Onset,
apex and offset in the table are the numbers in the names of the frames. What is odd about single clips is listed in
``casme2_facts``; the rules that act on it hold for every clip (``casme2_clip``).

Citation: Yan et al., CASME II: An Improved Spontaneous Micro-Expression Database and the Baseline Evaluation, PLoS ONE
9(1), 2014.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from merlab.clips import Clip, ClipError, ClipTable, open_frames
from merlab.databases.base import Database, Examination, Finding, Progress
from merlab.databases.casme2_clip import COPY_AGAIN, read_clip
from merlab.databases.casme2_facts import QUIRKS, Quirk, QuirkKind
from merlab.databases.casme2_table import SYNTHETIC, CodingTable, Row, find_coding_table
from merlab.databases.casme2_tree import CROPPED, PREFERENCE, Layout, find_layouts
from merlab.databases.frame_checks import check_frames
from merlab.errors import MerlabError

USUAL_NAME = re.compile(r"EP\d\d_\d\df?")

Quirks = Mapping[tuple[str, str], Mapping[QuirkKind, Quirk]]


def examine_tree(root: Path, *, name: str, deep: bool, progress: Progress) -> Examination:
    """Examine a folder in CASME II's layout; its clips get ``name`` as their database.

    Reads the coding table and lists the clip folders; ``deep`` also decodes every frame from onset to offset. A
    synthetic tree puts the stamp SYNTHETIC on the clips and is not held against the published release. Raises
    MerlabError when there is no such folder, no coding table, or more than one to choose from.
    """
    if not root.is_dir():
        raise MerlabError(f"{root} is not a folder; give the folder that holds the coding table and the frames")
    table = find_coding_table(root)
    layouts = find_layouts(root)
    findings = list(table.findings)
    clips: list[Clip] = []
    if layouts:
        clips, faults = _read_layout(table, layouts[0], name, deep, progress)
        findings += faults
    else:
        expected = f"folders sub01, sub02 and so on, as in {CROPPED}"
        remedy = "unpack the frames of the release beside the coding table, then name the folder that holds both"
        findings.append(Finding("unusable", str(root), expected, "no such folders with frames", remedy))
    if deep:
        damaged = check_frames(clips, progress)
        findings += damaged.values()
        clips = [clip for clip in clips if clip.key not in damaged]
    return Examination(
        ClipTable(tuple(clips), (SYNTHETIC,) if table.synthetic else ()),
        tuple(findings),
        {**table.facts, **_layout_facts(layouts), "usable clips": str(len(clips))},
    )


def _layout_facts(layouts: Sequence[Layout]) -> dict[str, str]:
    if not layouts:
        return {"layout": "no frames found"}
    stated = {"layout": layouts[0].kind, "frames": str(layouts[0].folder)}
    if len(layouts) > 1:
        others = ", ".join(str(layout.folder) for layout in layouts[1:])
        order = ", ".join(kind.split(":")[0] for kind in PREFERENCE)
        stated["not read"] = f"{others} (preferred in the order {order}; give a folder as the root to choose it)"
    return stated


def _read_layout(
    table: CodingTable, layout: Layout, database: str, deep: bool, progress: Progress
) -> tuple[list[Clip], list[Finding]]:
    """The usable clips of a layout in the table's order, and all findings about rows and folders."""
    quirks = {} if table.synthetic else _documented()
    findings = [*_missing_sources(table, layout), *_unlisted_sources(table, layout, quirks)]
    clips: list[Clip] = []
    for done, row in enumerate(table.rows, start=1):
        source = layout.clips.get((row.subject, row.clip))
        known = quirks.get((row.subject, row.clip), {})
        findings += _odd_name(row, known)
        if source is not None:
            clip, faults = _read_source(row, database, source, deep, known)
            clips += [] if clip is None else [clip]
            findings += faults
        progress(done, len(table.rows), f"{row.subject} {row.clip}")
    return clips, findings


def _read_source(
    row: Row, database: str, source: Path, deep: bool, quirks: Mapping[QuirkKind, Quirk]
) -> tuple[Clip | None, list[Finding]]:
    try:
        numbers = open_frames(source).numbers if deep or source.is_dir() else None
    except ClipError as error:
        return None, [Finding("unusable", row.where, "frames that can be listed", str(error), COPY_AGAIN)]
    return read_clip(row, database, source, numbers, quirks)


def _documented() -> Quirks:
    by_clip: dict[tuple[str, str], dict[QuirkKind, Quirk]] = defaultdict(dict)
    for quirk in QUIRKS:
        by_clip[quirk.subject, quirk.clip][quirk.kind] = quirk
    return by_clip


def _odd_name(row: Row, quirks: Mapping[QuirkKind, Quirk]) -> Iterator[Finding]:
    if not USUAL_NAME.fullmatch(row.clip):
        quirk = quirks.get("odd name")
        remedy = quirk.handling if quirk else "nothing, when the clip's folder has this name; else correct the row"
        yield Finding("handled" if quirk else "differs", row.where, "a name such as EP02_01f", row.clip, remedy)


def _missing_sources(table: CodingTable, layout: Layout) -> Iterator[Finding]:
    """Rows whose clip is not among the folders: one finding a clip, or one for a subject that is absent altogether."""
    by_subject: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        by_subject[row.subject].append(row)
    for subject, rows in by_subject.items():
        if subject not in layout.subjects:
            beside = [path.name for path in layout.folder.iterdir() if path.is_dir()]
            remedy = _rename(subject, set(beside) - set(by_subject)) or "copy the subject's folder from the original"
            expected = f"a folder {subject} with {len(rows)} clips in {layout.folder}"
            yield Finding("unusable", subject, expected, "no such folder", remedy)
            continue
        for row in rows:
            if (row.subject, row.clip) not in layout.clips:
                remedy = _rename(row.clip, _unlisted(table, layout, subject)) or COPY_AGAIN
                expected = f"frames of {row.clip} in {layout.subjects[subject]}"
                yield Finding("unusable", row.where, expected, "neither a folder nor a video of this name", remedy)


def _unlisted_sources(table: CodingTable, layout: Layout, quirks: Quirks) -> Iterator[Finding]:
    """Folders without a row."""
    absent = {(row.subject, row.clip) for row in table.rows} - set(layout.clips)
    for subject, clip in layout.clips:
        if (subject, clip) in table.listed:
            continue
        quirk = quirks.get((subject, clip), {}).get("no row")
        close = _closest(clip, {name for owner, name in absent if owner == subject})
        remedy = f"perhaps it is the clip {close} of the table under another name" if close else "left out"
        yield Finding(
            "handled" if quirk else "differs",
            f"{subject} {clip}",
            "a row in the coding table",
            "a folder without a row",
            quirk.handling if quirk else remedy,
        )


def _unlisted(table: CodingTable, layout: Layout, subject: str) -> set[str]:
    return {clip for owner, clip in layout.clips if owner == subject and (owner, clip) not in table.listed}


def _rename(wanted: str, names: set[str]) -> str | None:
    close = _closest(wanted, names)
    return f"rename {close} to {wanted}, if it holds these frames" if close else None


def _closest(wanted: str, names: set[str]) -> str | None:
    by_lower = {name.lower(): name for name in sorted(names)}
    close = get_close_matches(wanted.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def _examine(root: Path, deep: bool, progress: Progress) -> Examination:
    return examine_tree(root, name="casme2", deep=deep, progress=progress)


CASME2 = Database(
    name="casme2",
    title="CASME II, 255 micro-expressions of 26 subjects, 200 frames a second",
    access="free for research after signing a licence agreement with its authors at the Chinese Academy of Sciences",
    examine=_examine,
)

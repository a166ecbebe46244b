"""What a coding table tells without any frames: its rows, kinds, subjects, videos, frame rates and durations."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from merlab.clips import ClipTable, Finding
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.quirks import in_order
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import CORRECT, MICRO, Row, apex_outside, odd_name
from merlab.databases.database import Examination
from merlab.spelling import counted
from merlab.stamps import SYNTHETIC

NOT_USED = "a table alone gives no clips"


def table_alone(table: CodingTable, release: Release) -> Examination:
    """The findings and facts of a coding table; the examination has no clips, because there are no frames."""
    release = replace(release, quirks=()) if table.synthetic else release
    faults = [fault for row in table.rows for fault in (*odd_name(row, release), *_order(row, release))]
    facts = {
        **table.facts,
        "subjects": str(len({row.subject for row in table.rows})),
        **dict(_of_kinds(table, release)),
        "frames": f"not examined (--table-only): {NOT_USED}",
    }
    clips = ClipTable((), (SYNTHETIC,) * table.synthetic)
    return Examination(clips, (*table.findings, *faults), facts, tables=(table.path, *table.others))


def _of_kinds(table: CodingTable, release: Release) -> Iterator[tuple[str, str]]:
    """Facts about videos, and about the movements of each kind."""
    if release.long:
        videos = {(row.subject, row.folder) for row in table.rows}
        yield "videos with movements", str(len(videos))
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        by_kind[row.kind or MICRO].append(row)
    for kind, rows in sorted(by_kind.items(), reverse=True):
        ordered = [row for row in rows if row.onset <= row.offset]
        subjects = len({row.subject for row in rows})
        without = sum(row.apex is None for row in rows)
        apexes = f", {without} without an apex" if without else ""
        yield (
            f"{kind}-expressions",
            f"{len(rows)} of {counted(subjects, 'subject')}, {_lasting(ordered, release)}{apexes}",
        )
    rates = Counter(f"{row.fps or release.fps:g}" for row in table.rows)
    yield "frames per second", ", ".join(f"{rate} ({counted(count, 'row')})" for rate, count in sorted(rates.items()))


def _lasting(rows: Sequence[Row], release: Release) -> str:
    seconds = [(row.offset - row.onset + 1) / (row.fps or release.fps) for row in rows]
    if not seconds:
        return "none with onset and offset in order"
    return f"{min(seconds):.2f} to {max(seconds):.2f} s, median {median(seconds):.2f} s"


def _order(row: Row, release: Release) -> Iterator[Finding]:
    """A finding if onset, apex and offset are out of order, which a macro-expression can be without its apex.

    So there is for a micro-expression of one frame, which is no clip.
    """
    coded = (row.onset, row.apex, row.offset)
    known = [number for number in coded if number is not None]
    if known == sorted(known) and (row.onset < row.offset or row.is_macro):
        return
    if row.is_macro and row.onset <= row.offset:
        yield apex_outside(row)
        return
    found = f"onset {row.onset}, apex {row.apex or 'none'}, offset {row.offset}"
    quirks = row.quirks(release)
    wrong = quirks.get("wrong frame")
    quirk = wrong if wrong and wrong.corrected(coded) else quirks.get("frame range")
    expected = "onset <= apex <= offset" + ("" if row.is_macro else " and onset < offset")
    if quirk and in_order(quirk.replaced(coded)):
        yield Finding("handled", row.where, expected, found, quirk.handling)
    else:
        yield Finding("unusable", row.where, expected, found, CORRECT)

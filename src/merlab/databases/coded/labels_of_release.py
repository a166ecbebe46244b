"""Emotions and objective classes from the coding table of another release of the same movements."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.coding_table import CodingTable
from merlab.databases.coded.published_counts import describe_counts
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row
from merlab.databases.coded.table_search import find_coding_table, table_paths
from merlab.errors import MerlabError

FACT, UNREAD = "emotions", "tables not read"
# Subject, name, and onset where names repeat.
MovementKey = tuple[str, str, int | None]


def with_labels_of_release(table: CodingTable, root: Path, release: Release) -> CodingTable:
    """The table with the labels that the release ``labels_of`` gives to the same micro-expressions.

    The same table if there is no such release, or if its micro-expressions have emotions. Of several tables of the
    release, one is chosen as for its own database; none, and a table that cannot be read, gives a finding.
    """
    other = release.labels_of
    if other is None or any(row.emotion for row in table.rows if not row.is_macro):
        return table
    paths = [path for path in table_paths(root, other) if path != table.path]
    if not paths:
        named = f"none: the table has no emotions, and the coding table of {other.title} does not lie below {root}"
        return replace(table, facts={**table.facts, FACT: f"{named} ({other.table.looked_for})"})
    listed = {(row.subject, _name(row, other)) for row in table.rows if not row.is_macro}
    try:
        read = find_coding_table(root, other, listed, f"leave only the right one below {root}")
    except MerlabError as error:
        remedy = "the clips are read without emotions; correct the file, or copy it again from the original"
        finding = Finding("differs", paths[0].name, f"the coding table of {other.title}", str(error), remedy)
        return replace(table, findings=(*table.findings, finding))
    labels: dict[MovementKey, list[Row]] = defaultdict(list)
    for label in read.rows:
        labels[_movement(label, other)].append(label)
    rows = tuple(_labeled(row, labels[_movement(row, other)]) for row in table.rows)
    found = describe_counts(Counter(row.emotion for row in rows if not row.is_macro))
    unread = {f"{UNREAD} with emotions": read.facts[UNREAD]} if UNREAD in read.facts else {}
    if UNREAD in table.facts:
        unread[UNREAD] = table.facts[UNREAD].replace(f"{read.path} (", f"{read.path} (but for emotions; ")
    facts = {**table.facts, FACT: f"{found}, from {read.path}", **unread}
    findings = (*table.findings, *map(partial(_of_labels, read.path.name), read.findings), *_unlabeled(rows, read.path))
    return replace(table, rows=rows, facts=facts, findings=findings, others=(*table.others, read.path))


def _movement(row: Row, other: Release) -> MovementKey:
    """The subject and the name of a movement in both tables, and its onset where names repeat in the other one."""
    return row.subject, _name(row, other), row.onset if other.table.names_repeat else None


def _name(row: Row, other: Release) -> str:
    """The folder of frames in the other release: of the video where names repeat, otherwise of the movement."""
    return row.folder if other.table.names_repeat else row.clip.partition("@")[0]


def _of_labels(name: str, finding: Finding) -> Finding:
    """A finding about the table of labels; a row that cannot be used there only costs a clip its labels."""
    where = finding.where if name in finding.where else f"{name}, {finding.where}"
    if finding.severity != "unusable":
        return replace(finding, where=where)
    remedy = f"{finding.remedy}; until then, the clip is read without an emotion"
    return replace(finding, severity="differs", where=where, remedy=remedy)


def _labeled(row: Row, labels: list[Row]) -> Row:
    """A micro-expression with the emotion of its only label; its objective class stays where the label has none."""
    if len(labels) != 1 or row.is_macro:
        return row
    return replace(row, emotion=labels[0].emotion, objective_class=labels[0].objective_class or row.objective_class)


def _unlabeled(rows: tuple[Row, ...], path: Path) -> Iterator[Finding]:
    without = [row.clip for row in rows if not row.is_macro and not row.emotion]
    if without:
        expected, found = "an emotion of every micro-expression", f"none of {len(without)}, the first {without[0]}"
        yield Finding("differs", path.name, expected, found, "these clips are read without an emotion")

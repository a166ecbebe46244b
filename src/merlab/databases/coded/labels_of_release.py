"""Emotions and objective classes from the coding table of another release of the same movements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from merlab.clips import Finding
from merlab.databases.coded.coding_table import CodingTable, read_coding_table
from merlab.databases.coded.published_counts import describe_counts
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row
from merlab.databases.coded.table_search import table_files
from merlab.errors import MerlabError

FACT = "emotions"


def with_labels_of_release(table: CodingTable, root: Path, release: Release) -> CodingTable:
    """The table with the labels that the release ``labels_of`` gives to micro-expressions of the same name.

    The same table if there is no such release. A table of it that cannot be read gives a finding.
    """
    other = release.labels_of
    if other is None:
        return table
    paths = [path for path in table_files(root, other, other.table.may_be) if path != table.path]
    if not paths:
        named = f"none: the table has no emotions, and the coding table of {other.title} does not lie below {root}"
        return replace(table, facts={**table.facts, FACT: f"{named} ({other.table.looked_for})"})
    try:
        labels = {(row.subject, row.folder): row for row in read_coding_table(paths[0], other).rows}
    except MerlabError as error:
        remedy = "the clips are read without emotions; correct the file, or copy it again from the original"
        finding = Finding("differs", paths[0].name, f"the coding table of {other.title}", str(error), remedy)
        return replace(table, findings=(*table.findings, finding))
    rows = tuple(_labeled(row, labels.get((row.subject, row.clip.partition("@")[0]))) for row in table.rows)
    found = describe_counts(Counter(row.emotion for row in rows if not row.is_macro))
    facts = {**table.facts, FACT: f"{found}, from {paths[0]}"}
    findings = (*table.findings, *_unlabeled(rows, paths[0]))
    return replace(table, rows=rows, facts=facts, findings=findings, others=(*table.others, paths[0]))


def _labeled(row: Row, label: Row | None) -> Row:
    if label is None or row.is_macro:
        return row
    return replace(row, emotion=label.emotion, objective_class=label.objective_class)


def _unlabeled(rows: tuple[Row, ...], path: Path) -> Iterator[Finding]:
    without = [row.clip for row in rows if not row.is_macro and not row.emotion]
    if without:
        expected, found = "an emotion of every micro-expression", f"none of {len(without)}, the first {without[0]}"
        yield Finding("differs", path.name, expected, found, "these clips are read without an emotion")

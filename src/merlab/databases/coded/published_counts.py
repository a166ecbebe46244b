"""Hold a coding table against what its authors published: which version it is, and where its counts differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from merlab.clips import Finding
from merlab.databases.coded.release import TableFormat

KEEP_COUNTS = "report the number of clips and the copy of the table with every result, or take the original table"


def version_of(emotions: Mapping[str, int], has_objective_classes: bool, form: TableFormat) -> tuple[str, str]:
    """Which version of the table has these counts of emotions, and what says so."""
    for version, published in form.emotions.items():
        if dict(emotions) == published:
            return version, "by its counts of emotions"
    versions = list(form.emotions)
    oldest, newest = versions[0], versions[-1]
    if oldest == newest:
        return newest, "the only one published; its counts are not the published ones"
    column = form.columns["objective class"]
    if has_objective_classes:
        return newest, f"by its column {column}; its counts are not the published ones"
    return oldest, f"it has no column {column}; its counts are not the published ones"


def against_published(
    table: str, version: str, emotions: Mapping[str, int], subjects: Mapping[str, int], form: TableFormat
) -> Iterator[Finding]:
    """Findings where the rows, the emotions or the rows of a subject are not as many as published."""
    published, rows = form.emotions[version], sum(emotions.values())
    if rows != sum(published.values()):
        yield Finding("differs", table, f"{sum(published.values())} rows", f"{rows} rows", KEEP_COUNTS)
    if dict(emotions) != published:
        yield Finding(
            "differs", table, f"emotions {describe_counts(published)}", describe_counts(emotions), KEEP_COUNTS
        )
    yield from wrong_subjects(table, subjects, form.clips_per_subject, "rows")


def wrong_subjects(where: str, found: Mapping[str, int], published: Mapping[str, int], what: str) -> Iterator[Finding]:
    """Findings where a subject has not as many rows or clips (``what``) as published, if that was published at all."""
    for subject in sorted({*found, *published} if published else ()):
        wanted, there = published.get(subject, 0), found.get(subject, 0)
        if there != wanted:
            yield Finding("differs", f"{where}, {subject}", f"{wanted} {what}", f"{there} {what}", KEEP_COUNTS)


def strange_emotions(labeled: Sequence[tuple[str, str]], form: TableFormat) -> Iterator[Finding]:
    """Findings about emotions, of (where, emotion) pairs, that no published version of the table has."""
    known = list(dict.fromkeys(emotion for published in form.emotions.values() for emotion in published))
    for where, emotion in labeled:
        if emotion not in known:
            close = get_close_matches(emotion, known, n=1)
            hint = f"correct it to {close[0]}? " if close else ""
            remedy = f"{hint}label schemes leave out emotions that they do not know"
            yield Finding("differs", where, f"one of {', '.join(known)}", repr(emotion), remedy)


def describe_counts(counts: Mapping[str, int]) -> str:
    """``others 99, disgust 63``: largest first, then by name."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name or '(empty)'} {count}" for name, count in ordered)

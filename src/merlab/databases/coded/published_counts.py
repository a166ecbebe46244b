"""Compare a coding table with the counts that its authors published: find its version and all differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from merlab.clips import Finding
from merlab.databases.coded.release import TableFormat

KEEP_COUNTS = "report the number of clips and this copy of the table with every result, or use the original table"


def version_of(emotions: Mapping[str, int], has_objective_classes: bool, form: TableFormat) -> tuple[str, str]:
    """The version of the table with these counts of emotions, and how the version was determined."""
    for version, published in form.emotions.items():
        if dict(emotions) == published:
            return version, "by its counts of emotions"
    versions = list(form.emotions)
    oldest, newest = versions[0], versions[-1]
    if oldest == newest:
        return newest, "the only published version; the counts differ from the published counts"
    column = form.columns["objective class"]
    if has_objective_classes:
        return newest, f"by its column {column}; the counts differ from the published counts"
    return oldest, f"it has no column {column}; the counts differ from the published counts"


def compare_counts(
    table: str, version: str, emotions: Mapping[str, int], subjects: Mapping[str, int], form: TableFormat
) -> Iterator[Finding]:
    """Findings if the number of rows, of rows per emotion or of rows per subject differs from the published number."""
    published, rows = form.emotions[version], sum(emotions.values())
    if rows != sum(published.values()):
        yield Finding("differs", table, f"{sum(published.values())} rows", f"{rows} rows", KEEP_COUNTS)
    if dict(emotions) != published:
        yield Finding(
            "differs", table, f"emotions {describe_counts(published)}", describe_counts(emotions), KEEP_COUNTS
        )
    yield from compare_subjects(table, subjects, form.clips_per_subject, "rows")


def compare_subjects(
    where: str, counts: Mapping[str, int], published: Mapping[str, int], what: str
) -> Iterator[Finding]:
    """Findings if the number of rows or clips (``what``) of a subject differs from the published number, if any.

    Subjects without any have one finding together, as in a copy of a part of the database.
    """
    if absent := sorted(set(published) - set(counts)):
        expected = f"{what} of {len(published)} subjects"
        found = f"no {what} of {len(absent)} of them: {', '.join(absent)}"
        yield Finding("differs", f"{where}, subjects", expected, found, KEEP_COUNTS)
    for subject in sorted(counts if published else ()):
        expected_count, found_count = published.get(subject, 0), counts[subject]
        if found_count != expected_count:
            expected, found = f"{expected_count} {what}", f"{found_count} {what}"
            yield Finding("differs", f"{where}, {subject}", expected, found, KEEP_COUNTS)


def unknown_emotions(labeled: Sequence[tuple[str, str]], form: TableFormat) -> Iterator[Finding]:
    """Findings about emotions in ``labeled`` (where, emotion) that no published version of the table has."""
    known = list(dict.fromkeys(emotion for published in form.emotions.values() for emotion in published))
    for where, emotion in labeled:
        if emotion not in known:
            close = get_close_matches(emotion, known, n=1)
            hint = f"correct it to {close[0]}? " if close else ""
            remedy = f"{hint}label schemes leave out unknown emotions"
            yield Finding("differs", where, f"one of {', '.join(known)}", repr(emotion), remedy)


def describe_counts(counts: Mapping[str, int]) -> str:
    """The counts as text, such as ``others 99, disgust 63``; the largest count first, equal counts by name."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name or '(empty)'} {count}" for name, count in ordered)

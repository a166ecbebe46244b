"""Compare a coding table with the counts that its authors published: find its version and all differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from merlab.clips import Finding
from merlab.databases.coded.release import TableFormat
from merlab.spelling import counted

KEEP_COUNTS = "report the number of clips and this copy of the table with every result, or use the original table"
# The version of a table whose versions differ in their number of rows, none of which it has.
UNKNOWN = "unknown"


def version_of(emotions: Mapping[str, int], has_objective_classes: bool, form: TableFormat) -> tuple[str, str]:
    """The version of the table with these counts of emotions, and how the version was determined."""
    for version, published in form.emotions.items():
        if dict(emotions) == published:
            return version, "by its counts of emotions"
    by_rows = form.rows or (_rows_of(form) if set(emotions) == {""} else {})
    for version, rows in by_rows.items():
        if sum(emotions.values()) == rows:
            return version, "by its number of rows"
    if len(form.rows) > 1:
        return UNKNOWN, f"its number of rows is that of none of {', '.join(form.rows)}"
    oldest, newest = form.versions[0], form.versions[-1]
    if not form.emotions and not form.rows:
        return newest, "no counts are published that merlab knows"
    if oldest == newest:
        return newest, "the only published version; the counts differ from the published counts"
    column = form.columns.get("objective class", "Objective Classes")
    version, how = (newest, "by its") if has_objective_classes else (oldest, "it has no")
    return version, f"{how} column {column}; the counts differ from the published counts"


def _rows_of(form: TableFormat) -> dict[str, int]:
    """The published number of rows of each version, for a table without emotions."""
    return {version: sum(published.values()) for version, published in form.emotions.items()}


def compare_counts(
    table: str, version: str, emotions: Mapping[str, int], subjects: Mapping[str, int], form: TableFormat
) -> Iterator[Finding]:
    """Findings if the number of rows, of rows per emotion or of rows per subject differs from the published number."""
    published, rows = form.emotions.get(version), sum(emotions.values())
    expected_rows = form.rows.get(version, rows) if published is None else sum(published.values())
    if version == UNKNOWN:
        expected = " or ".join(f"{counted(count, 'row')} ({name})" for name, count in form.rows.items())
        yield Finding("differs", table, expected, counted(rows, "row"), KEEP_COUNTS)
    elif rows != expected_rows:
        what = "micro-expression" if form.kinds else "row"
        yield Finding("differs", table, counted(expected_rows, what), counted(rows, what), KEEP_COUNTS)
    if published is not None and set(emotions) != {""} and dict(emotions) != published:
        yield Finding(
            "differs", table, f"emotions {describe_counts(published)}", describe_counts(emotions), KEEP_COUNTS
        )
    yield from compare_subjects(table, subjects, form.clips_per_subject, "row")


def compare_kinds(table: str, kinds: Mapping[str, int], videos: int, form: TableFormat) -> Iterator[Finding]:
    """A finding if the number of micro- or macro-expressions differs from the published number, if any.

    Where these are right, the number of videos with movements is compared too.
    """
    if not form.kinds or set(kinds) == {""}:
        return
    if dict(kinds) != dict(form.kinds):
        expected = f"kinds {describe_counts(form.kinds)}"
        yield Finding("differs", table, expected, describe_counts(kinds), KEEP_COUNTS)
    elif form.videos and videos != form.videos:
        yield Finding("differs", table, f"movements in {form.videos} videos", counted(videos, "video"), KEEP_COUNTS)


def compare_rates(table: str, rates: Mapping[float, int], form: TableFormat) -> Iterator[Finding]:
    """A finding if rows state frame rates that no published row has; ``rates`` has the number of rows of each."""
    odd = [f"{rate:g} in {counted(rows, 'row')}" for rate, rows in sorted(rates.items()) if rate not in form.rates]
    if form.rates and odd:
        expected = f"frame rates {', '.join(f'{rate:g}' for rate in form.rates)}"
        remedy = "used as stated; compare these rows with the original table"
        yield Finding("differs", table, expected, ", ".join(odd), remedy)


def compare_subjects(
    where: str, counts: Mapping[str, int], published: Mapping[str, int], what: str
) -> Iterator[Finding]:
    """Findings if the number of rows or clips of a subject differs from the published one; ``what`` is row or clip.

    Subjects without any have one finding together, as in a copy of a part of the database.
    """
    if absent := sorted(set(published) - set(counts)):
        expected = f"{what}s of {counted(len(published), 'subject')}"
        found = f"no {what}s of {len(absent)} of them: {', '.join(absent)}"
        yield Finding("differs", f"{where}, subjects", expected, found, KEEP_COUNTS)
    for subject in sorted(counts if published else ()):
        expected_count, found_count = published.get(subject, 0), counts[subject]
        if found_count != expected_count:
            expected, found = counted(expected_count, what), counted(found_count, what)
            yield Finding("differs", f"{where}, {subject}", expected, found, KEEP_COUNTS)


def unknown_emotions(labeled: Sequence[tuple[str, str]], form: TableFormat) -> Iterator[Finding]:
    """Findings about emotions in ``labeled`` (where, emotion) that no published version of the table has."""
    known = form.known_emotions
    for where, emotion in labeled if known else ():
        if emotion not in known:
            close = get_close_matches(emotion, known, n=1)
            hint = f"correct it to {close[0]}? " if close else ""
            remedy = f"{hint}label schemes leave out unknown emotions"
            yield Finding("differs", where, f"one of {', '.join(known)}", repr(emotion), remedy)


def describe_counts(counts: Mapping[str, int]) -> str:
    """The counts as text, such as ``others 99, disgust 63``; the largest count first, equal counts by name."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name or '(empty)'} {count}" for name, count in ordered)

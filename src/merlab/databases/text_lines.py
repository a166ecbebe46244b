"""The lines of a text with cells, CSV or TSV, in whichever encoding it was saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from merlab.errors import MerlabError

# Byte order marks.
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gbk": "GBK",
    "cp1252": "Latin-1 (Windows-1252)",
}


def decoded(path: Path, content: bytes) -> tuple[str, str]:
    """The encoding of a text and the text; raises MerlabError where no encoding fits."""
    for encoding in _possible_encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and (encoding != "gbk" or _is_chinese(text)):
            return encoding, text
    raise MerlabError(f"{path} is damaged, or text of an unknown encoding; save it as UTF-8")


def _possible_encodings(content: bytes) -> list[str]:
    """What the beginning of a text leaves possible; in UTF-16 every second byte of a Latin letter is 0."""
    if content[:2].count(0) == 1:
        return ["utf-16-be" if content[0] == 0 else "utf-16-le"]
    return [name for mark, name in MARKS.items() if content.startswith(mark)] or ["utf-8", "gbk", "cp1252"]


def _is_chinese(text: str) -> bool:
    """Whether most letters outside ASCII are common Chinese ones; Latin-1 read as GBK gives rare ones."""
    letters = [letter for letter in text if not letter.isascii()]
    common = [letter for letter in letters if letter.encode("gb2312", "ignore")]
    return len(common) > len(letters) / 2


def text_lines(path: Path, text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The place of each line, such as ``line 3``, and its cells; raises MerlabError where quotes do not match."""
    # Blanks before a quote belong to the format; elsewhere they are seen, and removed, as part of a cell.
    quoted = '"' in text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=quoted, strict=True)
    line = 1
    try:
        for cells in reader:
            yield f"line {line}", cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise MerlabError(f"{path}, line {line}: {error}; check the quotes in this line") from error

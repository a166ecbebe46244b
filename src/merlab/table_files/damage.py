"""Table files that are damaged: what the readers of formats raise, and the error that names the file."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

import xlrd

from merlab.errors import MerlabError, first_line

COPY_AGAIN = "copy it again from the original, or save it again"
# What xlrd says about a workbook with a password, of Excel before 2007 and since.
PROTECTED = ("encrypted", "Can't find workbook")
# What the readers of spreadsheets raise when a file is damaged.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ElementTree.ParseError, xlrd.XLRDError,
    xlrd.compdoc.CompDocError, LookupError, ValueError, TypeError, AttributeError, AssertionError, EOFError,
    OverflowError, RuntimeError,
)  # fmt: skip


def unreadable(path: Path, kind: str, error: Exception) -> MerlabError:
    """The error for a file that cannot be read as ``kind``, with the reason and the remedy."""
    reason = first_line(error)
    protected = any(word in reason for word in PROTECTED)
    remedy = "it may be protected by a password: save it without one" if protected else COPY_AGAIN
    return MerlabError(f"{path} cannot be read as {kind} ({reason}); {remedy}")

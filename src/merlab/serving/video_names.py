"""The names of videos that clients send: as people see them, and as files that every system takes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from merlab.frames import VIDEO_SUFFIXES
from merlab.serving.limits import RefusedError

# As long as systems allow, because other programs find the video by this name.
LONGEST_NAME = 255
# The end of a long name is kept, because it has the extension.
KEPT_END = 20
# Of the name of the file, in bytes: systems allow 255 with the extension and with what is added while it is written.
LONGEST_STEM = 200
# At the beginning, programs and spreadsheets take these for options, hidden files and formulas.
MARKS = "._- =+@,&!~#'＝＋－＠"
# Of a path of any system; a colon may belong to a name, as in A:1.mp4.
FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
# Controls, line breaks, and what turns the direction of the letters around it.
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# What some system, or a program that decodes videos, gives a meaning in the name of a file; it is always ASCII.
UNSAFE = re.compile(r"[^\w \-.,()+=&'@#!~\u00a0-\U0010ffff]+")
# What is no file on Windows, whatever extension follows.
DEVICE = re.compile(r"^(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(?=\.|$)", re.IGNORECASE)


def shown_name(given: str) -> str:
    """A file name without folders and HIDDEN, to be shown to people; a long one loses its middle.

    Other letters stay, also invisible ones, because programs find the user's video by this name.
    """
    base = FOLDERS.sub("", given.rstrip("/\\"))
    name = HIDDEN.sub("", base) or "video"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - KEPT_END]}{name[-KEPT_END:]}"


def file_name(name: str) -> str:
    """The name of the file: that of the client where it is safe on every system, else with ``_`` in it.

    Raises RefusedError (415) if the extension is not that of a video.
    """
    suffix = PurePosixPath(name).suffix
    if suffix.lower() not in VIDEO_SUFFIXES:
        raise RefusedError(
            415, f"{name} is not named like a video; send MP4, MOV, AVI, MKV, or another kind that GET /api lists"
        )
    stem = UNSAFE.sub("_", name.removesuffix(suffix)).encode()[:LONGEST_STEM].decode(errors="ignore")
    stem = DEVICE.sub(r"\g<0>_", stem.strip(MARKS)) or "video"
    return f"{stem}{suffix}"

"""Files of questions: JSON lines with ``video`` and ``question``, as MEGC 2025 and 2026 give them.

A line is ``{"video_id": "samm_test_SAMM-1_1", "video": "SAMM-1", "question": "...", "answer": ""}``. Only ``video``
and ``question`` are needed; all fields are kept, and ``answer`` is filled in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.frames import name_of
from merlab.spelling import first_of
from merlab.storage import write_text
from merlab.table_files.lines import numbered_lines
from merlab.videos.answers.facts import VideoFacts
from merlab.videos.answers.replies import Reply, Status, reply_to

VIDEO, QUESTION, ANSWER = "video", "question", "answer"
TO_ANSWER, ANSWERED = "_to_answer", "_pred"


@dataclass(frozen=True)
class AnsweredFile:
    """Where the replies to a file are, how many there are of each status, and the questions of unknown form."""

    path: Path
    counts: Mapping[Status, int]
    unknown: tuple[str, ...]


def answer_questions(paths: Sequence[Path], videos: Sequence[VideoFacts], out: Path) -> list[AnsweredFile]:
    """Write the replies to files of questions into the folder ``out``; where one is at fault, none is written.

    Each name ends with ``_pred`` instead of ``_to_answer``. Raises MerlabError for a file that cannot be read, a line
    of another form, a question about a video without a result, and two files whose replies would have one name.
    """
    written = [out / _answered_name(path) for path in paths]
    if twice := [path for path, place in zip(paths, written, strict=True) if written.count(place) > 1]:
        raise MerlabError(
            f"the replies to {twice[0]} and {twice[1]} would be one file; rename one, or answer them with another --out"
        )
    replied = [_replied(path, videos) for path in paths]
    for place, (rows, replies) in zip(written, replied, strict=True):
        lines = [
            json.dumps({**row, ANSWER: each.text}, ensure_ascii=False) for row, each in zip(rows, replies, strict=True)
        ]
        write_text(place, "".join(f"{line}\n" for line in lines))
    return [
        AnsweredFile(place, Counter(each.status for each in replies), _unknown(rows, replies))
        for place, (rows, replies) in zip(written, replied, strict=True)
    ]


def _replied(path: Path, videos: Sequence[VideoFacts]) -> tuple[list[dict[str, Any]], list[Reply]]:
    """The lines of a file of questions, and the reply to each."""
    rows = _read(path)
    known = {video.name: video for video in videos}
    names = [_name(str(row[VIDEO]), known) for row in rows]
    if lost := sorted({name for name in names if name not in known}):
        raise MerlabError(
            f"{path} asks about videos without a result: {first_of(lost, 3)}; run `merlab recognize` on them "
            "and give these results too"
        )
    return rows, [reply_to(str(row[QUESTION]), known[name]) for row, name in zip(rows, names, strict=True)]


def _unknown(rows: Sequence[Mapping[str, Any]], replies: Sequence[Reply]) -> tuple[str, ...]:
    """The questions of unknown form, each once."""
    asked = [str(row[QUESTION]) for row, each in zip(rows, replies, strict=True) if each.status == "unknown question"]
    return tuple(dict.fromkeys(asked))


def _name(video: str, known: Mapping[str, VideoFacts]) -> str:
    """The name of a video as results have it: without folders and, unless it is known with it, without its suffix."""
    name = Path(video).name
    return name if name in known else name_of(name)


def _answered_name(path: Path) -> str:
    stem = path.stem.removesuffix(TO_ANSWER)
    return f"{stem}{ANSWERED}{path.suffix or '.jsonl'}"


def _read(path: Path) -> list[dict[str, Any]]:
    rows = [_row(path, number, line) for number, line in numbered_lines(path, "give a file of JSON lines")]
    if not rows:
        raise MerlabError(f"{path} has no question; give a file of JSON lines with {VIDEO} and {QUESTION}")
    return rows


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MerlabError(f"{path}, line {number} is not JSON ({error}); write one object in each line") from error
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name] for name in (VIDEO, QUESTION)):
        raise MerlabError(f"{path}, line {number} lacks {VIDEO} or {QUESTION} as text; add them")
    return row

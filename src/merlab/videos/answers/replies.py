"""Replies to the questions of MEGC 2025 and 2026 (ME-VQA, ME-LVQA), by template, from what was recognized.

The templates are those of published question and prediction files. A question of another form is not answered: its
reply is UNKNOWN_QUESTION. What the result does not hold is not invented: its reply is NOT_DETERMINED.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from merlab.spelling import counted
from merlab.spotting.scoring.kinds import MACRO, MICRO
from merlab.spotting.scoring.matching import iou
from merlab.videos.answers.facts import EventFacts, VideoFacts
from merlab.videos.moved import UNIT_NAMES

UNKNOWN_QUESTION = "not answered: the question has no known form"
NOT_DETERMINED = "not determined"

Status = Literal["answered", "not determined", "unknown question"]
Match = re.Match[str]
Answer = Callable[[VideoFacts, Match], str]


@dataclass(frozen=True)
class Reply:
    """The text of a reply, and whether it answers the question."""

    text: str
    status: Status


def reply_to(question: str, video: VideoFacts) -> Reply:
    """The reply to a question about a video."""
    plain = re.sub(r"\s+", " ", question.strip().lower())
    plain = re.sub(r"\b(micro|macro)[ -]?(?=expression|movement)", r"\1-", plain)
    for pattern, answer in FORMS:
        found = pattern.search(plain)
        if found:
            text = answer(video, found)
            return Reply(text or NOT_DETERMINED, "answered" if text else "not determined")
    return Reply(UNKNOWN_QUESTION, "unknown question")


def _of_one(text: Callable[[EventFacts], str]) -> Answer:
    """An answer by the one event that a question is about; nothing without such an event."""

    def answer(video: VideoFacts, found: Match) -> str:
        event = _one(video, found)
        return text(event) if event else ""

    return answer


def _is_shown(video: VideoFacts, found: Match) -> str:
    """Yes or no; nothing for a unit that merlab does not estimate."""
    name, events = found["unit"], _meant(video, found)
    known = name in UNIT_NAMES.values() and events is not None
    return ("yes" if any(name in event.units for event in events or ()) else "no") if known else ""


def _all_units(video: VideoFacts, found: Match) -> str:
    return ", ".join(dict.fromkeys(unit for event in _meant(video, found) or () for unit in event.units))


def _count(video: VideoFacts, found: Match) -> str:
    """One number; of a question about both kinds, that of each."""
    if _names_both_kinds(found):
        return ", ".join(counted(len(video.of_kind(kind)), f"{kind}-expression") for kind in (MICRO, MACRO))
    return str(len(_of_kind(video, found["kind"])))


def _intervals(video: VideoFacts, found: Match) -> str:
    if NUMBERED.search(found.string):
        events = _meant(video, found) or ()
        return ", ".join(f"frames {event.onset}-{event.offset}" for event in events)
    events = _of_kind(video, None if _names_both_kinds(found) else found["kind"])
    return ", ".join(f"frames {event.onset}-{event.offset}" for event in events) or "none"


def _type(video: VideoFacts, found: Match) -> str:
    """The kind of the n-th expression; nothing where there are fewer."""
    number = _number(found)
    return f"{video.events[number - 1].kind}-expression" if 0 < number <= len(video.events) else ""


def _combined(video: VideoFacts, found: Match) -> str:
    """Action units, emotion and coarse class in the sentence of the challenge; nothing if none of them is known."""
    event = _one(video, found)
    if event is None or not (event.units or event.label):
        return ""
    verb = "unit present is" if found["number"] == "is" else "units present are"
    units = event.units[:1] if found["number"] == "is" else event.units
    return (
        f"The action {verb}: {', '.join(units) or NOT_DETERMINED}. Therefore, the fine-grained expression class is "
        f"{event.fine or NOT_DETERMINED}, and the coarse expression class is {event.coarse or NOT_DETERMINED}."
    )


def _analysis(event: EventFacts) -> str:
    """What was observed, in sentences."""
    sentences = [
        f"The face moves from frame {event.onset} to frame {event.offset} ({event.seconds:.2f} s), most at frame "
        f"{event.apex} and most in this part: {event.part}.",
        f"The duration is that of a {event.kind}-expression.",
    ]
    if event.units:
        sentences.append(f"The movement is consistent with these action units: {', '.join(event.units)}.")
    if event.coarse:
        sentences.append(f"The most likely coarse expression class is {event.coarse}.")
    return " ".join(sentences)


def _one(video: VideoFacts, found: Match) -> EventFacts | None:
    """The event at the frames of the question, or of the number in it, else the main one; None if there is none."""
    if not (FRAMES.search(found.string) or NUMBERED.search(found.string)):
        return video.main
    return next(iter(_meant(video, found) or ()), None)


def _meant(video: VideoFacts, found: Match) -> tuple[EventFacts, ...] | None:
    """The event at the frames of the question, or of the number in it, else all; None if there is no such event."""
    if frames := FRAMES.search(found.string):
        event = _at(video, int(frames["begin"]), int(frames["end"]))
        return None if event is None else (event,)
    if numbered := NUMBERED.search(found.string):
        position = _number(numbered) - 1
        return _of_kind(video, numbered["kind"])[position : position + 1] or None if position >= 0 else None
    return video.events


def _number(found: Match) -> int:
    return ORDINALS.get(found["number"]) or int(found["number"])


def _names_both_kinds(found: Match) -> bool:
    return all(re.search(rf"\b{kind}\b", found.string) for kind in (MICRO, MACRO))


def _at(video: VideoFacts, begin: int, end: int) -> EventFacts | None:
    """The event with the largest overlap with these frames; None if there is none."""
    overlaps = [float(iou([(begin, end)], [(event.onset, event.offset)])[0, 0]) for event in video.events]
    best = max(overlaps, default=0.0)
    return video.events[overlaps.index(best)] if best > 0 else None


def _of_kind(video: VideoFacts, kind: str | None) -> tuple[EventFacts, ...]:
    return video.of_kind(kind) if kind in {MICRO, MACRO} else video.events


ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
EXPRESSIONS = r"(?:(?P<kind>micro|macro)-)?(?:expression|movement)s?"
NTH = rf"(?P<number>\d+|{'|'.join(ORDINALS)})(?:-?(?:st|nd|rd|th))?"
FRAMES = re.compile(r"\bframes (?P<begin>\d+)-(?P<end>\d+)\b")
# Not "the 2 expressions".
NUMBERED = re.compile(rf"\bthe (?!\d+ ){NTH} {EXPRESSIONS}\b")
# The first that matches answers.
FORMS: tuple[tuple[re.Pattern[str], Answer], ...] = tuple(
    (re.compile(pattern), answer)
    for pattern, answer in (
        (r"^what (?P<number>is|are) the action units? present, and based on .*coarse", _combined),
        (r"^is (?:the )?(?:action unit )?(?P<unit>[a-z ]+?) (?:shown|present|visible)\b", _is_shown),
        (r"\b(?:analy[sz]e|analysis|describe)\b", _of_one(_analysis)),
        (rf"\btype of the {NTH} {EXPRESSIONS}", _type),
        (rf"\bis the {NTH} {EXPRESSIONS}.* (?:a )?(?:micro|macro)", _type),
        (rf"\b(?:locali[sz]e|locate|when|which frames)\b.*?\b{EXPRESSIONS}", _intervals),
        (rf"\b(?:how many|number of) {EXPRESSIONS}", _count),
        (r"^(?:what|which) (?:distinct|different) action units", _all_units),
        (r"^(?:what|which) action units .*\bvideo\b", _all_units),
        (r"^what is the action unit\b", _of_one(lambda event: ", ".join(event.units[:1]))),
        (r"^what are the action units\b", _of_one(lambda event: ", ".join(event.units))),
        (r"^what is the fine-grained expression", _of_one(lambda event: event.fine)),
        (r"^what is the coarse expression", _of_one(lambda event: event.coarse)),
    )
)

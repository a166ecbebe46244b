"""The report of a recognized video: one page that needs no other file."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from pydantic import JsonValue

from merlab.frames import Image, read_image
from merlab.pages import page_environment
from merlab.spotting.score_scale import LINEAR_UP_TO, score_text
from merlab.stamps import SYNTHETIC, meaning_of
from merlab.storage import write_text
from merlab.videos.evidence.pictures import FULL_COLOR_PX, color_wheel
from merlab.videos.moved import SEPARATOR, units_of
from merlab.videos.output.chart import HEIGHT, WIDTH, Chart, face_chart
from merlab.videos.output.part_boxes import close_view
from merlab.videos.output.source_facts import MINUTE, duration_text, source_facts
from merlab.videos.result import APEX_PICTURE, FLOW_PICTURE, ONSET_PICTURE, VideoResult, withheld_sentences
from merlab.videos.rows import Event, probability_text

# The page contains the pictures of this many events, those with the highest scores; for others, it names the folder.
MOST_PICTURED = 200
# At first, up to MOST_OPEN events are open; for printing, up to MOST_PRINTED are opened.
MOST_OPEN, MOST_PRINTED = 6, 60
WEBP_QUALITY = 82
# The charts of this many faces are open, those with the most events; a recording with cuts may have hundreds of faces.
MOST_CHARTS = 8
# A table with more rows scrolls in a part of the window, and the page then begins with links to its sections.
MOST_ROWS = 60
# A wide chart scrolls; px of the page per second of video.
PIXELS_A_SECOND, WIDEST_CHART, PIXELS_A_TICK = 8, 4000, 120
# A recognizer's stamp SYNTHETIC is not about the faces of the video.
SYNTHETIC_MODEL = (
    "The recognizer was trained on synthetic faces. They do not show how often its classes are right on people."
)


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it: its title and a data URI."""

    title: str
    uri: str


@dataclass(frozen=True)
class UnitInWords:
    """An action unit that a movement is consistent with, in words, and its strength as text, px."""

    words: str
    px: str


@dataclass(frozen=True)
class EventView:
    """An event as the page shows it: its row, class probabilities, what moved, pictures, and why it has no class.

    ``closer`` is the part that moves most, as a viewBox of its faces.
    """

    row: Event
    closer: str
    chances: list[tuple[str, float]]
    parts: list[str]
    units: list[UnitInWords]
    faces: list[Picture]
    maps: list[Picture]
    reasons: list[str]


def write_report(result: VideoResult) -> Path:
    """Write report.html from the tables and pictures of a result, and return its path."""
    metadata, rows = result.metadata, result.rows
    chart_pixels = min(WIDEST_CHART, round(PIXELS_A_SECOND * metadata.video.seconds))
    page = (
        page_environment("merlab.videos.output")
        .get_template("recognition.html.j2")
        .render(
            metadata=metadata,
            model=metadata.model.model_dump(mode="json"),
            settings=metadata.settings.model_dump(mode="json", exclude_none=True),
            stamps=[(stamp, SYNTHETIC_MODEL if stamp == SYNTHETIC else meaning_of(stamp)) for stamp in metadata.stamps],
            source_facts=list(source_facts(metadata.video)),
            charts=[_chart(result, face.face_id, chart_pixels) for face in metadata.faces],
            first_charts=_most_eventful(result),
            chart_size=(WIDTH, HEIGHT),
            linear_up_to=LINEAR_UP_TO,
            score_text=score_text,
            chart_pixels=chart_pixels,
            events=list(_views(result)),
            weak=result.weak_rows,
            sure=sum(bool(row.label) for row in rows),
            open=len(rows) <= MOST_OPEN,
            pictured=MOST_PICTURED,
            most_printed=MOST_PRINTED,
            most_rows=MOST_ROWS,
            wheel=_data_uri(color_wheel()),
            full_color=FULL_COLOR_PX,
            clock=clock_text,
            moment=partial(_moment_text, end=metadata.video.end_s),
            chance_text=probability_text,
            duration=duration_text,
            in_words=in_words,
        )
    )
    # The name of a file may contain characters that UTF-8 cannot encode.
    write_text(result.files.report, page, "replace")
    return result.files.report


def clock_text(seconds: float, digits: int = 2) -> str:
    """``1:02:03.45``, ``2:03.45``, ``0:03.45``: hours only where there are any."""
    shown = f"{seconds:.{digits}f}"
    whole, point, fraction = shown.partition(".")
    minutes, second = divmod(int(whole), MINUTE)
    hours, minute = divmod(minutes, MINUTE)
    clock = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return clock + point + fraction


def _moment_text(seconds: float, end: float) -> str:
    """A moment on the axis of a chart up to ``end``: ``0.5 s``, or on a clock where it is longer than a minute."""
    return f"{seconds:g} s" if end < MINUTE else clock_text(seconds, 0)


def in_words(value: JsonValue) -> str:
    """A setting as text: ``3``, ``a, b``, ``a: 1; b: (c: 2)``."""
    if isinstance(value, Mapping):
        texts = {
            name: f"({in_words(each)})" if isinstance(each, Mapping) else in_words(each) for name, each in value.items()
        }
        return "; ".join(f"{name}: {text}" for name, text in texts.items())
    return ", ".join(map(in_words, value)) if isinstance(value, list) else str(value)


def _chart(result: VideoResult, face_id: int, pixels: int) -> Chart:
    video, most_ticks = result.metadata.video, max(8, pixels // PIXELS_A_TICK)
    return face_chart(
        face_id,
        result.curve(face_id),
        result.rows_of(face_id),
        video.start_s,
        video.end_s,
        pixels=pixels,
        most_ticks=most_ticks,
    )


def _most_eventful(result: VideoResult) -> set[int]:
    """The MOST_CHARTS faces with the most events; of equal ones those that come first."""
    events = Counter(row.face_id for row in result.rows)
    faces = sorted((face.face_id for face in result.metadata.faces), key=lambda face_id: -events[face_id])
    return set(faces[:MOST_CHARTS])


def _views(result: VideoResult) -> Iterator[EventView]:
    by_score = sorted(result.rows, key=lambda row: -row.score)
    pictured = {row.event for row in by_score[:MOST_PICTURED]}
    for row in result.rows:
        with_pictures = row.event in pictured and result.evidence(row.event).is_dir()
        yield EventView(
            row=row,
            closer=" ".join(f"{value:.1f}" for value in close_view(row.part)),
            chances=sorted(row.probabilities.items(), key=lambda each: -each[1]),
            parts=row.regions.split(SEPARATOR) if row.regions else [],
            units=[UnitInWords(unit.words, f"{unit.px:.2f}") for unit in units_of(row.action_units)],
            faces=_faces(result.evidence(row.event)) if with_pictures else [],
            maps=_maps(result, row.event) if with_pictures else [],
            reasons=withheld_sentences(row, result.metadata),
        )


def _faces(folder: Path) -> list[Picture]:
    """The two faces and the movement between them, of an event's folder."""
    named = {"onset": ONSET_PICTURE, "apex": APEX_PICTURE, "movement": FLOW_PICTURE}
    return [Picture(title, _data_uri(read_image(folder / file))) for title, file in named.items()]


def _maps(result: VideoResult, event: str) -> list[Picture]:
    folder = result.evidence(event)
    return [
        Picture(
            f"{each.title} ({each.low:.2f} to {each.high:.2f})", _data_uri(read_image(folder / Path(each.file).name))
        )
        for each in result.maps(event)
    ]


def _data_uri(image: Image) -> str:
    """A picture as WebP: a fifth of the size of the PNG beside the tables."""
    encoded = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])[1]
    return "data:image/webp;base64," + base64.b64encode(np.asarray(encoded).tobytes()).decode("ascii")

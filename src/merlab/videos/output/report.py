"""The report of a recognized video: one page that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from merlab.frames import Image, read_image
from merlab.pages import page_environment
from merlab.storage import read_json, whole_file
from merlab.videos.evidence.movement import unit_words
from merlab.videos.evidence.pictures import FULL_COLOR_PX, color_wheel
from merlab.videos.output.chart import HEIGHT, WIDTH, Chart, face_chart
from merlab.videos.result import APEX_PICTURE, FLOW_PICTURE, MAPS, ONSET_PICTURE, REPORT, VideoResult

# Pictures of so many events, those of the highest score, are held by the page; the others are named.
MOST_PICTURED = 200
# So few are shown open, and so few opened for the printer, which cannot open them itself.
MOST_OPEN, MOST_PRINTED = 6, 60
WEBP_QUALITY = 82
MINUTE = 60
# A wide chart scrolls; px of the page a second of video.
PIXELS_A_SECOND, WIDEST_CHART, PIXELS_A_TICK = 8, 4000, 120
MEANINGS = {
    "SYNTHETIC": "The recognizer has learned from faces drawn by a program. How often its classes are right on people "
    "is not known from them.",
    "REDUCED": "The network is smaller, or was trained for a shorter time, than published.",
}


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it: what it is, and a data URI."""

    title: str
    uri: str


@dataclass(frozen=True)
class Unit:
    """An action unit that a movement is consistent with, in words, and its strength as text, px."""

    words: str
    px: str


@dataclass(frozen=True)
class EventView:
    """An event as the page shows it: its row, the probability of every class, what moved, and its pictures."""

    row: dict[Hashable, Any]
    chances: list[tuple[str, float]]
    parts: list[str]
    units: list[Unit]
    faces: list[Picture]
    maps: list[Picture]


def write_report(result: VideoResult) -> Path:
    """Write report.html from the tables and pictures of a result, and give its path."""
    metadata, events = result.metadata, result.events
    chart_pixels = min(WIDEST_CHART, round(PIXELS_A_SECOND * metadata["video"]["seconds"]))
    page = (
        page_environment("merlab.videos.output")
        .get_template("recognition.html.j2")
        .render(
            metadata=metadata,
            stamps=[(stamp, MEANINGS.get(stamp, "")) for stamp in metadata["model"]["stamps"]],
            charts=[_chart(result, face["face_id"], chart_pixels) for face in metadata["faces"]],
            chart_size=(WIDTH, HEIGHT),
            chart_pixels=chart_pixels,
            events=list(_views(result)),
            sure=int((events["class"] != "").sum()),
            open=len(events) <= MOST_OPEN,
            pictured=MOST_PICTURED,
            most_printed=MOST_PRINTED,
            wheel=_data_uri(color_wheel()),
            full_color=FULL_COLOR_PX,
            clock=clock_text,
            duration=duration_text,
            told=told,
        )
    )
    with whole_file(result.folder / REPORT) as aside:
        # The name of a file may hold what UTF-8 does not.
        aside.write_bytes(page.encode("utf-8", "replace"))
    return result.folder / REPORT


def clock_text(seconds: float, digits: int = 2) -> str:
    """``1:02:03.45``, ``2:03.45``, ``0:03.45``: hours only where there are any."""
    shown = f"{seconds:.{digits}f}"
    whole, point, fraction = shown.partition(".")
    minutes, second = divmod(int(whole), MINUTE)
    hours, minute = divmod(minutes, MINUTE)
    clock = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return clock + point + fraction


def duration_text(seconds: float) -> str:
    """``1 h 02 min``, ``2 min 03 s``, ``3.4 s``."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, second = divmod(round(seconds), MINUTE)
    hours, minute = divmod(minutes, MINUTE)
    return f"{hours} h {minute:02d} min" if hours else f"{minutes} min {second:02d} s"


def told(value: Any) -> str:
    """A setting in words: ``3``, ``a, b``, ``a: 1; b: (c: 2)``."""
    if isinstance(value, Mapping):
        pairs = ((name, f"({told(each)})" if isinstance(each, Mapping) else told(each)) for name, each in value.items())
        return "; ".join(f"{name}: {each}" for name, each in pairs)
    return ", ".join(map(told, value)) if isinstance(value, list) else str(value)


def _chart(result: VideoResult, face_id: int, pixels: int) -> Chart:
    frames, events = (table[table["face_id"] == face_id] for table in (result.frames, result.events))
    return face_chart(face_id, frames, events, result.metadata["video"]["seconds"], max(8, pixels // PIXELS_A_TICK))


def _views(result: VideoResult) -> Iterator[EventView]:
    events = result.events
    pictured = set(events.nlargest(MOST_PICTURED, "score")["event"])
    for _, row in events.iterrows():
        folder = result.evidence(row["event"])
        faces, maps = _pictures(folder) if row["event"] in pictured and folder.is_dir() else ([], [])
        classes = result.metadata["model"]["classes"]
        yield EventView(
            row=row.to_dict(),
            chances=sorted(((name, float(row[f"p_{name}"])) for name in classes), key=lambda each: -each[1]),
            parts=_listed(row["regions"]),
            units=[
                Unit(unit_words(code), px)
                for code, _, px in (text.rpartition(" ") for text in _listed(row["action_units"]))
            ],
            faces=faces,
            maps=maps,
        )


def _listed(text: str) -> list[str]:
    """The entries of a cell such as ``AU12 1.90; AU6 0.72``."""
    return text.split("; ") if text else []


def _pictures(folder: Path) -> tuple[list[Picture], list[Picture]]:
    """The two faces and the movement, and the maps, of an event's folder."""
    named = {"onset": ONSET_PICTURE, "apex": APEX_PICTURE, "movement": FLOW_PICTURE}
    faces = [Picture(title, _data_uri(read_image(folder / file))) for title, file in named.items()]
    maps = [
        Picture(_map_title(listed), _data_uri(read_image(folder / Path(listed["file"]).name)))
        for listed in read_json(folder / MAPS)
    ]
    return faces, maps


def _map_title(listed: dict[str, Any]) -> str:
    return f"{listed['title']} ({listed['low']:.2f} to {listed['high']:.2f})"


def _data_uri(image: Image) -> str:
    """A picture as WebP: a fifth of the PNG beside the tables."""
    encoded = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])[1]
    return "data:image/webp;base64," + base64.b64encode(np.asarray(encoded).tobytes()).decode("ascii")

"""Folders as ``merlab recognize`` writes them, of a video that does not exist: sketched faces, invented movements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Image
from merlab.json_files import write_json
from merlab.json_models import DIGEST, write_model
from merlab.sinks import CsvSink, VideoSink
from merlab.spotting.motion_score import PARTS
from merlab.videos.frame_table import HEADER
from merlab.videos.metadata import (
    FollowedFace,
    Made,
    RecognitionRequest,
    SourceVideo,
    UsedModel,
    VideoMetadata,
    overlay_kind,
)
from merlab.videos.options import Options
from merlab.videos.result import (
    APEX_PICTURE,
    EVENTS,
    EVIDENCE,
    FLOW_PICTURE,
    FRAMES,
    MAPS,
    METADATA,
    ONSET_PICTURE,
    OVERLAY,
)
from merlab.videos.rows import Event, event_rows
from tests.videos.faces import bump

CLASSES = ("happiness", "disgust", "surprise", "repression", "others")
THRESHOLD = 5.5
OF_WEIGHTS = "0123456789abcdef" * 4
MAP_TITLES = (
    "Grad-CAM, global branch",
    "Grad-CAM, local branch",
    "attention, global branch",
    "attention, local branch",
)


def write_result(
    folder: Path,
    *,
    seconds: float = 12.0,
    fps: float = 100.0,
    faces: int = 2,
    events: int = 4,
    video: str = "interview.mp4",
    stamps: Sequence[str] = ("SYNTHETIC",),
    warnings: Sequence[str] = ("face 0 is cut off at the left edge of the frame",),
    pictures: bool = True,
    overlay: bool = False,
    seed: int = 0,
) -> Path:
    """A finished result: so many events, spread over the video and its faces; every third is unsure of its class."""
    made = _result(seconds, fps, faces, events, video, tuple(stamps), tuple(warnings), pictures, overlay, seed)
    for name, content in made.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@cache
def _result(
    seconds: float,
    fps: float,
    faces: int,
    events: int,
    video: str,
    stamps: tuple[str, ...],
    warnings: tuple[str, ...],
    pictures: bool,
    overlay: bool,
    seed: int,
) -> dict[str, bytes]:
    """The content of each file of a result."""
    rng = np.random.default_rng(seed)
    rows = fake_events(rng, seconds, fps, max(faces, 1), events if faces else 0, video)
    columns = event_rows(CLASSES)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with CsvSink(folder / EVENTS, columns.names) as sink:
            for row in rows:
                sink.write(columns.row(row))
        fake_frames(rng, rows, seconds, fps, faces).to_csv(folder / FRAMES, index=False)
        for position, row in enumerate(rows if pictures else ()):
            write_pictures(folder / EVIDENCE / row.event, position)
        if overlay:
            write_overlay(folder / OVERLAY, seconds, fps)
        write_model(folder / METADATA, fake_metadata(seconds, fps, faces, video, stamps, warnings, overlay))
        files = [file for file in folder.rglob("*") if file.is_file()]
        return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def stored_metadata(folder: Path) -> dict[str, Any]:
    """The content of metadata.json without its digest, so that it can be changed and written again."""
    content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    content.pop(DIGEST, None)
    return dict(content)


def fake_metadata(
    seconds: float,
    fps: float,
    faces: int,
    video: str,
    stamps: tuple[str, ...],
    warnings: tuple[str, ...],
    overlay: bool = False,
) -> VideoMetadata:
    frames, settings = round(seconds * fps), Options(overlay=overlay_kind(overlay)).used()
    return VideoMetadata(
        video=SourceVideo(
            name=video,
            fps=fps,
            fps_source="stamps",
            frame_rate_varies=False,
            slowed=1.0,
            start_s=0.0,
            frames=frames,
            seconds=seconds,
            gaps=(),
            width=640,
            height=480,
            damaged=0,
            file=None,
        ),
        faces=tuple(FollowedFace(face_id=face, first=1, last=frames, frames=frames) for face in range(faces)),
        model=UsedModel(
            name="synthetic",
            method="dbfem-caffm",
            preset="flow28",
            scheme="casme2-5",
            digest=OF_WEIGHTS,
            recipe="flow:size=28x28",
            classes=CLASSES,
            temperature=1.4,
            stamps=stamps,
            trained_on={"database": "synthetic", "subjects": 40, "clips": 800},
            limits="",
            runtime="torch",
        ),
        settings=settings,
        versions={"merlab": "0.1.0", "torch": "2.13.0"},
        dropped=1,
        withheld={"e0003": ("probability too low", "head moves more than the face")},
        warnings=warnings,
        asked=RecognitionRequest(
            source=f"/videos/{video}",
            bytes=1000,
            modified_ns=0,
            frames_promised=frames,
            fps=fps,
            face_models={},
            weights=OF_WEIGHTS,
            runtime="torch",
            merlab="0.1.0",
            **settings.model_dump(),
        ),
        made=Made(at="2026-05-04T10:20:30+00:00", seconds=12.0),
    )


def fake_events(
    rng: np.random.Generator, seconds: float, fps: float, faces: int, events: int, video: str
) -> list[Event]:
    rows = []
    for position in range(events):
        apex = round((position + 0.5) / events * seconds * fps)
        onset, offset = apex - round(0.12 * fps), apex + round(0.16 * fps)
        chances = rng.dirichlet(np.full(len(CLASSES), 0.15))
        if position % 3 == 2:
            chances = 0.7 / len(CLASSES) + 0.3 * chances
        best, sure = int(chances.argmax()), position % 3 != 2
        part = PARTS[position % len(PARTS)]
        row = Event(
            event=f"e{position + 1:04d}",
            video=video,
            face_id=position % faces,
            onset=onset,
            apex=apex,
            offset=offset,
            onset_s=(onset - 1) / fps,
            apex_s=(apex - 1) / fps,
            offset_s=(offset - 1) / fps,
            duration_s=(offset - onset) / fps,
            score=rng.uniform(7, 25),
            part=part,
            kind="micro",
            tier="event",
            why_other="",
            label=CLASSES[best] if sure else "",
            probability=float(chances[best]),
            withheld="" if sure else "probability too low; head moves more than the face",
            regions=f"{part} 1.92 px up and outwards; cheeks, left 0.81 px up",
            action_units="AU12 left 1.90 px; AU6 0.72 px" if sure else "",
            probabilities=dict(zip(CLASSES, chances.tolist(), strict=True)),
        )
        rows.append(event_rows(CLASSES).as_written(row))
    return rows


def fake_frames(rng: np.random.Generator, events: list[Event], seconds: float, fps: float, faces: int) -> pd.DataFrame:
    """One row per frame and face, by frame; without any face, one row per frame with success 0."""
    count = round(seconds * fps)
    numbers = np.arange(1, count + 1)
    tables = []
    for face in range(faces):
        score = np.abs(rng.normal(1, 0.5, count)).astype(np.float64)
        for row in (event for event in events if event.face_id == face):
            score += row.score * np.exp(-(((numbers - row.apex) / (0.06 * fps)) ** 2))
        tables.append(
            pd.DataFrame(
                {
                    "frame": numbers,
                    "time_s": (numbers - 1) / fps,
                    "face_id": face,
                    "confidence": 0.93,
                    "success": 1,
                    "x": 60 + 260 * face,
                    "y": 120,
                    "width": 180,
                    "height": 220,
                    "score": score.round(3),
                    "lids_px": 0.05,
                    "threshold": THRESHOLD,
                }
            )
        )
    if not tables:
        tables.append(pd.DataFrame({"frame": numbers, "time_s": (numbers - 1) / fps, "success": 0}))
    frames = pd.concat(tables).reindex(columns=list(HEADER))
    frames["timestamp"] = frames["time_s"]
    return frames.astype({"face_id": "Int64"}).sort_values(["frame", "face_id"], kind="stable").round(5)


def write_pictures(folder: Path, number: int) -> None:
    """Onset, apex, flow and maps of an event; the mouth's left corner rises."""
    folder.mkdir(parents=True)
    hue = np.zeros((LAYOUT_HEIGHT, LAYOUT_WIDTH, 3), np.uint8)
    blob = blob_at(166, 190)
    hue[..., 0], hue[..., 1], hue[..., 2] = 20 * number % 180, (255 * blob).astype(np.uint8), 255
    save(folder / ONSET_PICTURE, sketched_face(0))
    save(folder / APEX_PICTURE, sketched_face(4))
    save(folder / FLOW_PICTURE, np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2BGR), np.uint8))
    maps = []
    for position, title in enumerate(MAP_TITLES):
        heat = cv2.applyColorMap((255 * blob_at(60 + 40 * position, 190)).astype(np.uint8), cv2.COLORMAP_INFERNO)
        name = f"map-{position + 1}.png"
        save(folder / name, np.asarray(cv2.addWeighted(sketched_face(4), 0.5, heat, 0.5, 0), np.uint8))
        maps.append({"title": title, "file": name, "low": 0.1, "high": 0.9})
    write_json(folder / MAPS, maps)


def sketched_face(smile: int) -> Image:
    """A face (282, 231, 3) of a few strokes whose left mouth corner is raised by so many px."""
    face = np.full((LAYOUT_HEIGHT, LAYOUT_WIDTH, 3), (150, 175, 215), np.uint8)
    for x in (54, 176):
        cv2.ellipse(face, (x, 73), (26, 9), 0, 0, 360, (245, 245, 245), -1, cv2.LINE_AA)
        cv2.circle(face, (x, 73), 8, (60, 50, 40), -1, cv2.LINE_AA)
        cv2.ellipse(face, (x, 42), (34, 9), 0, 180, 360, (50, 60, 80), 5, cv2.LINE_AA)
    cv2.line(face, (108, 90), (98, 145), (110, 140, 180), 3, cv2.LINE_AA)
    cv2.ellipse(face, (115, 146), (18, 6), 0, 0, 180, (110, 140, 180), 3, cv2.LINE_AA)
    mouth = np.array([(66, 190), (90, 196), (115, 198), (140, 196 - smile // 2), (166, 190 - smile)])
    cv2.polylines(face, [mouth.astype(np.int32)], False, (90, 80, 170), 6, cv2.LINE_AA)
    return face


def blob_at(x: float, y: float) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:LAYOUT_HEIGHT, 0:LAYOUT_WIDTH].astype(np.float64)
    return bump(columns, rows, (x, y))


def write_overlay(path: Path, seconds: float, fps: float) -> None:
    """A small video of the sketched face."""
    path.write_bytes(_overlay(seconds, fps))


@cache
def _overlay(seconds: float, fps: float) -> bytes:
    face = sketched_face(0)
    with TemporaryDirectory() as folder:
        file = Path(folder) / OVERLAY
        with VideoSink(file, fps) as sink:
            for _ in range(round(seconds * fps)):
                sink.write(face)
        return file.read_bytes()


def save(path: Path, image: Image) -> None:
    assert cv2.imwrite(str(path), image)

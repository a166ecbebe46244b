"""Files that merlab writes and reads again: all have a digest, so any other value than the sound one is a fault."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import BaseModel

from merlab.clips import ClipTable
from merlab.databases.table import TABLE
from merlab.errors import MerlabError
from merlab.evaluation.predictions import read_predictions, write_predictions
from merlab.evaluation.run_record import RunRecord
from merlab.inputs import load_inputs, parse_recipe
from merlab.json_models import read_model, write_model
from merlab.models.recognizer import load_recognizer
from merlab.preparation.record import AlignmentQuality as Quality
from merlab.preparation.record import AlignmentRecord, ClipLandmarks, DatabaseManifest, FaceBox
from merlab.progress import silent
from merlab.reports.run import read_run
from merlab.videos.result import read_video_result
from tests.fuzz.damage import damaged_bytes, damaged_tree
from tests.fuzz.kind import Kind, Reading, SilentChangeError
from tests.helpers import make_clip, moved, texture, write_frames
from tests.reports.fake_run import fake_predictions, fake_record, write_run
from tests.videos.fake_result import write_result
from tests.videos.recognizers import small_recognizer

SKILLS = {"constant": 0.0, "random": 0.0, "linear-svm": 0.5}


class _Sealed(Kind):
    """Files with a digest. Silent: every other value than that of the sound files, without a word."""

    files: tuple[Path, ...]

    def keep(self) -> None:
        """Remember the sound files and their value."""
        self.contents = {path: path.read_bytes() for path in self.files}
        self.path = self.files[0]
        self.sound = self.read()

    def damage(self, random: np.random.Generator) -> str:
        """One of the files is damaged: its bytes or, of JSON, its entries."""
        for path, content in self.contents.items():
            path.write_bytes(content)
        self.path = self.files[int(random.integers(len(self.files)))]
        sound = self.contents[self.path]
        if self.path.suffix == ".json" and random.integers(2):
            done, tree = damaged_tree(json.loads(sound), random)
            content = _dumped(tree)
        else:
            done, content = damaged_bytes(sound, random)
        self.path.write_bytes(content)
        return f"{self.path.name}: {done}"

    def judge(self, reading: Reading) -> str:
        """See the class."""
        if reading.value == self.sound.value:
            return "same"
        if set(reading.said) - set(self.sound.said):
            return "said"
        raise SilentChangeError(f"{str(reading.value)[:300]} instead of {str(self.sound.value)[:300]}")


def _dumped(tree: Any) -> bytes:
    try:
        return json.dumps(tree, default=str).encode("utf-8", "replace")
    except RecursionError:
        return b'{"a": ' + b"[" * 3000 + b"]" * 3000 + b"}"


class StoredRun(_Sealed):
    """The folder of a run, as ``merlab report`` reads it."""

    name = "stored run"

    def __init__(self, folder: Path) -> None:
        run = write_run(folder / "run", SKILLS)
        write_model(run / "run.json", RunRecord.model_validate(fake_record(list(SKILLS), Path("/data/faces"))))
        self.files = (run / "run.json", run / "predictions.parquet")
        self.keep()

    @property
    def names(self) -> tuple[str, ...]:
        """The file, or the folder of the run."""
        return (self.path.name, str(self.path.parent))

    def read(self) -> Reading:
        """Record and predictions; summaries must be computable."""
        run = read_run(self.files[0].parent)
        assert run.summaries
        return Reading((run.record.model_dump(), run.predictions.to_csv()))


class StoredPart(_Sealed):
    """The predictions of one method, fold and seed, which a resumed run reads."""

    name = "stored predictions"

    def __init__(self, folder: Path) -> None:
        self.files = (folder / "sub01-seed0.parquet",)
        write_predictions(self.files[0], fake_predictions(SKILLS, seeds=1, subjects=1))
        self.keep()

    def read(self) -> Reading:
        """The predictions."""
        return Reading(read_predictions(self.files[0]).to_csv())


class Weights(_Sealed):
    """A file of weights."""

    name = "weights"

    def __init__(self, folder: Path) -> None:
        self.files = (folder / "weights.safetensors",)
        small_recognizer().save(self.files[0])
        self.inputs = np.random.default_rng(0).random((2, 3, 28, 28), np.float32)
        self.keep()

    def read(self) -> Reading:
        """The probabilities that it gives, and its card."""
        recognizer = load_recognizer(self.files[0])
        return Reading((recognizer.predict_proba(self.inputs).tobytes(), recognizer.card.model_dump()))


class CachedInput(_Sealed):
    """An entry of the input cache."""

    name = "entry of the input cache"

    def __init__(self, folder: Path) -> None:
        onset = texture(1, 60, 50)
        frames = write_frames(folder / "frames", [onset, moved(onset, 1.5, 0), onset])
        self.table = ClipTable((make_clip(frames),))
        self.cache = folder / "cache"
        self.read()
        self.files = tuple(self.cache.rglob("*.npy"))
        self.keep()

    def read(self) -> Reading:
        """The input."""
        return Reading(load_inputs(self.table, parse_recipe("flow:scale=raw"), self.cache, jobs=1).tobytes())


class VideoResultFolder(_Sealed):
    """The metadata of a result of ``merlab recognize``."""

    name = "result of a video"

    def __init__(self, folder: Path) -> None:
        self.files = (write_result(folder / "result", seconds=2.0, events=2, pictures=False) / "metadata.json",)
        self.keep()

    def read(self) -> Reading:
        """Metadata, events and frames."""
        result = read_video_result(self.files[0].parent)
        return Reading((result.metadata.model_dump(), result.events.to_csv(), result.frames.to_csv()))


class ResultTables(_Sealed):
    """The tables of a result of ``merlab recognize``, which have no digest, because users edit them.

    Silent: other rows, or other names of columns, than another reader of CSV sees.
    """

    name = "tables of a result"

    def __init__(self, folder: Path) -> None:
        result = write_result(folder / "result", seconds=2.0, events=3, pictures=False)
        self.files = (result / "events.csv", result / "frames.csv")
        self.keep()

    def read(self) -> Reading:
        """Events and frames."""
        result = read_video_result(self.files[0].parent)
        return Reading((result.events.to_csv(), result.frames.to_csv(), len(result.events), len(result.frames)))

    def judge(self, reading: Reading) -> str:
        """See the class."""
        if reading.value == self.sound.value:
            return "same"
        for path, rows in zip(self.files, reading.value[2:], strict=True):
            seen = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8", errors="replace"), newline="")))
            header = next(csv.reader([self.contents[path].decode().splitlines()[0]]))
            filled = [line for line in seen if line] or [[]]
            if (
                len(filled) != rows + 1
                or not set(header) <= set(filled[0])
                or any(len(line) != len(header) for line in filled)
            ):
                raise SilentChangeError(f"{rows} rows of {path.name}, which has {len(filled)} lines: {filled[0]}")
        return "plausible"


class Alignment(_Sealed):
    """The record of prepared faces."""

    name = "record of preparation"
    record: ClassVar[AlignmentRecord] = AlignmentRecord.model_validate(
        {
            "clip": "sub01 EP1",
            "stamps": ["SYNTHETIC"],
            "frames": [1, 9],
            "fps": 200.0,
            "transform": [[1.0, 0.0, 0.5], [0.0, 1.0, 0.25]],
            "face": FaceBox(box=(10.0, 20.0, 110.0, 120.0), confidence=0.9),
            "landmark_source": "mesh",
            "landmarks": {1: [[1.25, 2.5]] * 4},
            "quality": Quality(pupil_distance_px=50.0, coverage=1.0, frames_with_face=9, head_motion_px=0.5),
            "lost": [],
            "jumps": [],
            "warnings": ["the face is small"],
        }
    )

    def __init__(self, folder: Path) -> None:
        self.files = (folder / "alignment.json",)
        write_model(self.files[0], self.record)
        self.keep()

    def read(self) -> Reading:
        """The whole record, and the part of it that inputs read."""
        read: Callable[[type[BaseModel]], BaseModel] = partial(read_model, self.files[0])
        return Reading([read(kind).model_dump() for kind in (AlignmentRecord, ClipLandmarks)])


class UnsealedRun(StoredRun):
    """A run of an earlier merlab, without digests: whatever its numbers are, it is read or refused, never a crash."""

    name = "run without digests"

    def __init__(self, folder: Path) -> None:
        run = write_run(folder / "run", SKILLS)
        pd.DataFrame(fake_predictions(SKILLS)).to_parquet(run / "predictions.parquet", index=False)
        self.files = (run / "run.json", run / "predictions.parquet")
        self.keep()

    def judge(self, reading: Reading) -> str:
        """Nothing can be noticed without a digest, and merlab says so."""
        if not any("before merlab stored digests" in text for text in reading.said):
            raise SilentChangeError("without the warning that damage cannot be noticed")
        return "same" if reading.value == self.sound.value else "said"


class PreparedFrames(_Sealed):
    """The records beside frames that merlab aligned: their rate, and their stamps."""

    name = "records beside frames"

    def __init__(self, folder: Path) -> None:
        frames = write_frames(folder / "faces" / "clip", [texture(1, 60, 50)] * 9)
        (folder / "clips.csv").write_text("subject,clip,frames,label\ns1,c1,faces/clip,happiness\n")
        self.table = folder / "clips.csv"
        self.files = (frames / "alignment.json", frames.parent / "prepared.json")
        write_model(self.files[0], Alignment.record)
        settings = {"detector": "yunet", "landmarks": "mesh", "motion": "onset", "image": "png"}
        request = {
            "database": "casme2",
            "root": "/raw",
            "table": [],
            "settings": settings,
            "models": {},
            "versions": {},
        }
        rest = {"stamps": ["SYNTHETIC"], "clips": [], "faults": []}
        write_model(self.files[1], DatabaseManifest.model_validate({**request, **rest}))
        self.keep()

    def read(self) -> Reading:
        """Rate, stamps, and how the faces were made; a finding is a refusal of the only clip."""
        found = TABLE.examine(self.table, False, silent)
        unusable = [finding.found for finding in found.of("unusable")]
        if unusable:
            raise MerlabError(unusable[0])
        return Reading(([clip.fps for clip in found.clips], found.clips.stamps, found.facts.get("aligned by")))

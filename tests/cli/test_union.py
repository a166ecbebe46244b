"""MEGC2019's two protocols over CASME II, SMIC and SAMM, by the command, from trees in the releases' layouts."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from merlab.frames import frame_number
from tests.databases import casme2_release, samm_release, smic_release
from tests.helpers import moved, texture

pytestmark = pytest.mark.usefixtures("nothing_drawn")

CLASSES = {"negative": (0.4, 0.0), "positive": (0.0, 0.4), "surprise": (-0.4, 0.0)}


def draw(clip: Path, label: str, seed: int) -> None:
    """Frames in which the lower half moves steadily, to where the class says."""
    face = texture(seed, 70, 58)
    u, v = CLASSES[label]
    for step, path in enumerate(sorted(clip.iterdir(), key=lambda path: frame_number(path) or 0)):
        below = moved(face, u * step, v * step)
        below[:35] = face[:35]
        # The frames of a clip link to each other.
        path.unlink()
        assert cv2.imwrite(str(path), np.rint(below).clip(0, 255).astype(np.uint8))


@pytest.fixture
def roots(tmp_path):
    """Three small databases: two subjects each, a clip a class."""
    emotions = dict(zip(CLASSES, ("disgust", "happiness", "surprise"), strict=True))
    casme2 = [
        casme2_release.row(subject, f"EP01_0{take}", (46, 49, 50), emotion=emotion)
        for subject in ("01", "02")
        for take, emotion in enumerate(emotions.values())
    ]
    samm = [
        samm_release.row(subject, f"{subject}_1_{take}", (562, 565, 566), emotion=emotion.capitalize())
        for subject in ("006", "007")
        for take, emotion in enumerate(emotions.values())
    ]
    smic = [
        smic_release.Take(subject, emotion, 1, 559740 + 100 * take, 559744 + 100 * take)
        for subject in (1, 2)
        for take, emotion in enumerate(smic_release.EMOTIONS)
    ]
    examinations = {
        name: release.examine(write)
        for name, release, write in (
            ("casme2", casme2_release, casme2_release.write_release(tmp_path / "a", rows=casme2)),
            ("smic", smic_release, smic_release.write_single(tmp_path / "b", smic)),
            ("samm", samm_release, samm_release.write_release(tmp_path / "c", samm)),
        )
    }
    back = {emotion: label for label, emotion in emotions.items()}
    for examination in examinations.values():
        for seed, clip in enumerate(examination.clips):
            draw(clip.source, back.get(clip.emotion, clip.emotion), seed)
    return dict(zip(examinations, (tmp_path / "a", tmp_path / "b", tmp_path / "c"), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("protocol", "folds"), [("loso", 6), ("hold-out-database", 3)])
def test_a_protocol_over_the_union_scores_each_database_and_declares_where_apexes_come_from(
    merlab, roots, tmp_path, protocol, folds
):
    sources = [text for name, root in roots.items() for text in ("--database", name, "--root", root)]
    options = ["--scheme", "megc2019", "--protocol", protocol, "--input", "flow:scale=signed", "--jobs", 1]
    status, _, err = merlab("evaluate", "linear-svm", "constant", *sources, *options, "--out", "run")
    assert status == 0, err
    (svm, _) = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert svm["uf1"]["mean"] == 1
    assert set(svm["by_database"]) == {"casme2", "smic", "samm"}
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["data"]["folds"] == folds
    assert record["data"]["apex_sources"] == {"annotated": 12, "unannotated": 6}
    assert "no-apex=spotted" in record["methods"][0]["input"]
    assert "unannotated: 6 clips" in (tmp_path / "run" / "report.html").read_text()
    predictions = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert predictions.groupby("method")["fold"].nunique().to_dict() == {"linear-svm": folds, "constant": folds}

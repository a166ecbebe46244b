"""Run folders as ``merlab evaluate`` writes them, with random predictions of a chosen skill."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from merlab.evaluation.predictions import predictions_table, write_predictions
from merlab.evaluation.significance import Comparison, Interval
from merlab.evaluation.summary import Estimate, MethodSummary, summarize_run
from merlab.json_models import sealed

CLASSES = ["happiness", "disgust", "surprise"]
SKILLS = {"constant": 0.0, "random": 0.0, "linear-svm": 0.5, "dbfem-caffm": 0.9}
SEEDED = {"random", "dbfem-caffm"}
STAMPS = {"dbfem-caffm": ["REDUCED", "2 SEEDS"]}
INPUT = "flow:algorithm=dis,channels=uvs,size=28x28,regions=none,view=global,version=1"


def fake_predictions(skills: Mapping[str, float], seeds: int = 2, subjects: int = 8) -> pd.DataFrame:
    """Ten clips per subject; a share ``skill`` is predicted right, the others at random; constant is constant."""
    keys = [("synthetic", f"sub{subject:02d}", f"EP{clip:02d}") for subject in range(subjects) for clip in range(10)]
    truth = np.arange(len(keys)) % len(CLASSES)
    tables = []
    for position, (method, skill) in enumerate(skills.items()):
        for seed in range(seeds if method in SEEDED else 1):
            generator = np.random.default_rng([position, seed])
            guess = np.where(
                generator.random(len(keys)) < skill, truth, generator.integers(len(CLASSES), size=len(keys))
            )
            chosen = np.zeros(len(keys), np.int64) if method == "constant" else guess
            rows = pd.DataFrame(keys, columns=["database", "subject", "clip"])
            rows = rows.assign(run=f"key-{method}", method=method, fold=rows["subject"], seed=seed)
            tables.append(predictions_table(rows, [CLASSES[label] for label in truth], np.eye(3)[chosen], CLASSES))
    return pd.concat(tables, ignore_index=True)


def fake_metrics(
    skills: Mapping[str, float] = SKILLS, stamps: Mapping[str, Sequence[str]] | None = None, subjects: int = 8
) -> list[MethodSummary]:
    table = fake_predictions(skills, subjects=subjects)
    return summarize_run(table, CLASSES, list(skills), {method: (stamps or {}).get(method, []) for method in skills})


def summary(method: str, uf1: float, uar: Interval | None, **compared: Comparison) -> MethodSummary:
    """The summary of a method on five classes with these UF1, interval of UAR, and comparisons."""
    (whole,) = fake_metrics({method: 0.0}, subjects=1)
    return whole.model_copy(
        update={
            "classes": tuple("abcde"),
            "uf1": Estimate(mean=uf1, sd=None, interval=None),
            "uar": Estimate(mean=uf1, sd=None, interval=uar),
            "compared": {name.replace("_", "-"): of for name, of in compared.items()},
        }
    )


def difference(value: float, interval: Interval | None, p: float) -> Comparison:
    """The comparison of two methods by UF1."""
    return Comparison(metric="uf1", difference=value, interval=interval, p=p)


def fake_method(name: str, **changes: object) -> dict[str, Any]:
    network = name not in {"constant", "random", "linear-svm"}
    return {
        "method": name,
        "title": f"title of {name}",
        "paper": f"paper of {name}",
        "preset": "reduced" if network else "default",
        "preset_source": "chosen for a CPU",
        "network": {"width": 16} if network else {},
        "settings": {"epochs": 30, "learning_rate": 0.001, "mirror": True, "selection": "fixed"} if network else None,
        "input": INPUT,
        "seeds": [0, 1] if name in SEEDED else [0],
        "stamps": STAMPS.get(name, []),
        **changes,
    }


def fake_record(methods: Sequence[str], root: Path, **data: object) -> dict[str, Any]:
    return {
        "started": "2026-05-04T10:20:30+00:00",
        "databases": [{"name": "synthetic", "root": str(root), "facts": {"table": str(root / "coding.xlsx")}}],
        "data": {
            "scheme": "casme2-5",
            "scheme_description": "three of the five, for a test",
            "classes": CLASSES,
            "protocol": "loso",
            "folds": 8,
            "clips": 80,
            "subjects": 8,
            "clips_per_class": {"happiness": 27, "disgust": 27, "surprise": 26},
            "clips_per_database": {"synthetic": 80},
            "left_out": {"emotion fear": 2},
            "apex_sources": {"annotated": 79, "midpoint": 1},
            "stamps": ["SYNTHETIC"],
            "digest": "0123456789abcdef",
            **data,
        },
        "methods": [fake_method(name) for name in methods],
        "versions": {"merlab": "0.1.0", "torch": "2.13.0"},
        "hardware": "a processor, 2 cores",
    }


def write_run(folder: Path, skills: Mapping[str, float] = SKILLS, record: dict[str, Any] | None = None) -> Path:
    folder.mkdir(parents=True)
    record = record or fake_record(list(skills), Path("/data/faces"))
    (folder / "run.json").write_text(json.dumps(sealed(record)), encoding="utf-8")
    write_predictions(folder / "predictions.parquet", fake_predictions(skills))
    return folder

"""A run folder from beginning to end: run.json before, predictions as they come, metrics.json after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.evaluation.engines import Engine, LocalEngine
from merlab.evaluation.plan import Entry, Plan, make_entry
from merlab.evaluation.predictions import METRICS_FILE, PREDICTIONS_FILE, RUN_FILE
from merlab.evaluation.runner import run
from merlab.evaluation.summary import summarize_run
from merlab.evaluation.unit import versions
from merlab.inference.cost import hardware
from merlab.methods import find_method
from merlab.progress import Progress
from merlab.storage import read_json, remove_unfinished, write_json


def evaluate(
    plan: Plan,
    out: Path,
    *,
    databases: Sequence[dict[str, Any]],
    cache: Path | None = None,
    engine: Engine | None = None,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Run the plan in folder ``out`` on an engine (None: all cores of this machine); the content of its metrics.json.

    A folder that already holds a run of the same clips, labels and folds is continued: methods found there stay, and a
    method named again with other settings replaces the earlier one. Raises MerlabError when it holds something else.
    """
    earlier = _earlier_run(out, plan)
    remove_unfinished(out)
    if earlier is not None:
        named = {entry.method for entry in plan.entries}
        kept = [_entry_of(method) for method in earlier["methods"] if method["method"] not in named]
        plan = replace(plan, entries=(*kept, *plan.entries))
    record = {
        "started": earlier["started"] if earlier else datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "databases": list(databases),
        "data": plan.describe(),
        "methods": [_describe(entry) for entry in plan.entries],
        "versions": versions(),
        "hardware": hardware(),
    }
    for stale in (out / PREDICTIONS_FILE, out / METRICS_FILE):
        stale.unlink(missing_ok=True)
    write_json(out / RUN_FILE, record)
    predictions = run(plan, out, cache=cache, engine=engine or LocalEngine(), progress=progress)
    stamps = {entry.method: [*plan.stamps, *entry.stamps] for entry in plan.entries}
    summary = summarize_run(predictions, plan.classes, list(stamps), stamps)
    write_json(out / METRICS_FILE, summary)
    return summary


def _earlier_run(out: Path, plan: Plan) -> dict[str, Any] | None:
    if not (out / RUN_FILE).exists():
        if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()):
            raise MerlabError(f"{out} is not empty and holds no merlab run; name another folder with --out")
        return None
    earlier: dict[str, Any] = read_json(out / RUN_FILE)
    if earlier["data"]["digest"] != plan.digest():
        was = earlier["data"]
        raise MerlabError(
            f"{out} holds a run of other clips, labels or folds ({was['clips']} clips, {was['scheme']}, "
            f"{was['protocol']}, {was['folds']} folds); name another folder with --out, or remove this one"
        )
    return earlier


def _describe(entry: Entry) -> dict[str, Any]:
    method = find_method(entry.method)
    return {
        "method": entry.method,
        "title": method.title,
        "paper": method.paper,
        "preset": entry.preset_name,
        "preset_source": entry.preset.source,
        "network": dict(entry.preset.network),
        "settings": entry.preset.training.model_dump(mode="json") if entry.preset.training else None,
        "input": str(entry.recipe),
        "seeds": list(entry.seeds),
        "stamps": entry.stamps,
    }


def _entry_of(description: dict[str, Any]) -> Entry:
    return make_entry(
        description["method"],
        description["preset"],
        description["seeds"],
        description["input"],
        description["settings"],
        description["network"],
    )

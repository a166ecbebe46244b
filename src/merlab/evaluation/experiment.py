"""A run folder: run.json first, then the predictions of each unit as soon as it is finished."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd

from merlab.errors import MerlabError
from merlab.evaluation.engines import Engine, LocalEngine
from merlab.evaluation.plan import Entry, Plan, make_entry
from merlab.evaluation.predictions import METRICS_FILE, PREDICTIONS_FILE, RUN_FILE, PredictionStore, joined, read_each
from merlab.evaluation.run_record import DatabaseFacts, DataFacts, MethodFacts, RunRecord, read_record
from merlab.evaluation.runner import finished, inputs_digest, prepared, run
from merlab.evaluation.versions import versions
from merlab.inference.cost import hardware
from merlab.inputs import Recipe, load_inputs, parse_recipe
from merlab.json_models import write_model
from merlab.methods import find_method
from merlab.outputs.changed_settings import changed_settings
from merlab.outputs.claims import has_files, require_no_file
from merlab.progress import Progress, silent
from merlab.spelling import counted
from merlab.stamps import SHARED_FRAMES, short_stamp
from merlab.storage import remove_unfinished, require_writable


def run_plan(
    plan: Plan,
    out: Path,
    *,
    cache: Path | None = None,
    engine: Engine | None = None,
    progress: Progress = silent,
) -> tuple[RunRecord, pd.DataFrame]:
    """Run the plan in folder ``out`` on an engine (None: all cores of this machine); gives its record and predictions.

    A folder that already holds a run of the same clips, labels and folds is continued: methods found there stay, and a
    method given again with other settings replaces the earlier one. What other versions of merlab or its libraries
    began is made anew, with a warning. After an error, the record has the earlier methods and the complete ones, and so
    has the table of predictions if the earlier ones are complete too: a method that cannot be fitted does not spoil the
    folder. Raises MerlabError where it holds something else, what other versions finished, a method of your own on
    frames that were changed since, or a damaged file of predictions, before anything is trained; for a folder that
    cannot be written; and for a method that fails.
    """
    require_no_file(out, "the run")
    # Before the inputs are made, which may take hours.
    require_writable(out / RUN_FILE)
    earlier = _earlier_run(out, plan)
    remove_unfinished(out)
    again = {entry.name for entry in plan.entries}
    stay = [method for method in earlier.methods if method.method not in again] if earlier else []
    finished_before = [method for method in stay if method.needs_files]
    if earlier is not None:
        _compare_versions(earlier, finished_before, out)
    sealed = earlier is None or earlier.sealed
    kept = read_each([path for method in finished_before for path in _stored(method, plan, out)], sealed)
    restated = [_entry_of(method, out) for method in stay if not method.needs_files]
    plan = replace(plan, entries=(*restated, *plan.entries))
    plan, keys = prepared(plan, cache, progress)
    _require_same_inputs(finished_before, plan, out, cache, progress)
    found = kept | finished(plan, keys, out, sealed)
    record = RunRecord(
        started=earlier.started if earlier else datetime.now(timezone.utc).replace(microsecond=0),
        databases=[DatabaseFacts.of(source) for source in plan.table.sources],
        data=_data(plan, earlier if finished_before else None),
        methods=[*finished_before, *(entry.facts(key) for entry, key in zip(plan.entries, keys, strict=True))],
        versions=versions(),
        hardware=hardware(),
        sealed=sealed,
    )
    for stale in (out / PREDICTIONS_FILE, out / METRICS_FILE):
        stale.unlink(missing_ok=True)
    write_model(out / RUN_FILE, record)
    try:
        return record, run(plan, keys, out, found, cache=cache, engine=engine or LocalEngine(), progress=progress)
    except MerlabError:
        _store_complete(earlier, record, plan, out)
        raise


def _data(plan: Plan, earlier: RunRecord | None) -> DataFacts:
    """The facts of the clips; a fault that only the inputs of ``earlier`` methods show stays marked."""
    facts = plan.facts()
    marked = [stamp for stamp in earlier.data.stamps if short_stamp(stamp) == SHARED_FRAMES] if earlier else []
    if not marked or any(short_stamp(stamp) == SHARED_FRAMES for stamp in facts.stamps):
        return facts
    return facts.model_copy(update={"stamps": [*facts.stamps, *marked]})


def _compare_versions(earlier: RunRecord, finished_before: Sequence[MethodFacts], out: Path) -> None:
    """Warn where other versions began this run; raise MerlabError where they finished it, or a method of your own."""
    changes = "; ".join(changed_settings({"versions": earlier.versions}, {"versions": versions()}))
    if changes and (out / PREDICTIONS_FILE).exists():
        raise MerlabError(
            f"{out} holds finished predictions, which stay and cannot be joined with new ones: {changes}. Give another "
            "folder (--out), or remove this one"
        )
    if changes and finished_before:
        names = ", ".join(method.method for method in finished_before)
        raise MerlabError(
            f"{out} holds an unfinished run of {names}, which cannot be joined with new predictions: {changes}. Pass "
            f"{'it' if len(finished_before) == 1 else 'them'} again together with the new ones, or give another folder "
            "(--out)"
        )
    if changes:
        warnings.warn(f"the unfinished predictions in {out} are made anew: {changes}", stacklevel=3)


def _require_same_inputs(
    finished_before: Sequence[MethodFacts], plan: Plan, out: Path, cache: Path | None, progress: Progress
) -> None:
    """Raises MerlabError where a method that stays had other inputs: their frames were changed since."""
    now, others = {str(entry.recipe): entry.inputs for entry in plan.entries}, []
    for facts in finished_before:
        if facts.inputs and facts.input not in now and (recipe := _recipe_of(facts)):
            inputs = load_inputs(plan.table, recipe, cache, progress=progress, quiet=True)
            now[facts.input] = inputs_digest(inputs)
        if facts.inputs and facts.inputs != now.get(facts.input, facts.inputs):
            others.append(facts.method)
    if others:
        raise MerlabError(
            f"{out} holds predictions of {', '.join(others)} from other inputs: frames, or the code of the input, were "
            f"changed since; pass {'it' if len(others) == 1 else 'them'} again together with the new ones, or give "
            "another folder (--out)"
        )


def _recipe_of(facts: MethodFacts) -> Recipe | None:
    """The input of an earlier method; None for a kind of input of your own, which was given in Python."""
    try:
        return parse_recipe(facts.input)
    except MerlabError:
        return None


def _store_complete(earlier: RunRecord | None, record: RunRecord, plan: Plan, out: Path) -> None:
    """Record what is usable after an error, and store its table of predictions if none of them is absent.

    Predictions of other versions stay only where there are no new ones beside them.
    """
    of_others = earlier if earlier is not None and earlier.versions != record.versions else None
    methods = _usable(None if of_others else earlier, record.methods, plan, out)
    if of_others is not None and not methods:
        record, methods = of_others, of_others.methods
    write_model(out / RUN_FILE, record.model_copy(update={"methods": methods}))
    parts = [path for facts in methods for path in _paths(facts, plan, out)]
    if parts and all(path.exists() for path in parts):
        PredictionStore(out).write_all(joined(read_each(parts, record.sealed).values()))


def _usable(earlier: RunRecord | None, methods: Sequence[MethodFacts], plan: Plan, out: Path) -> list[MethodFacts]:
    """The methods to record after an error: complete ones in their newest form, and earlier ones as they were."""
    complete = [facts for facts in methods if all(path.exists() for path in _paths(facts, plan, out))]
    names = {facts.method for facts in complete}
    return [*(facts for facts in (earlier.methods if earlier else ()) if facts.method not in names), *complete]


def _earlier_run(out: Path, plan: Plan) -> RunRecord | None:
    if not (out / RUN_FILE).exists():
        if out.is_dir() and has_files(out):
            raise MerlabError(f"{out} is not empty and contains no merlab run; give another folder (--out)")
        return None
    earlier = read_record(out / RUN_FILE)
    if earlier.data.digest != plan.digest():
        was = earlier.data
        raise MerlabError(
            f"{out} contains a run of other clips, labels or folds ({counted(was.clips, 'clip')}, {was.scheme}, "
            f"{was.protocol}, {counted(was.folds, 'fold')}); give another folder (--out), or remove this one"
        )
    return earlier


def _entry_of(facts: MethodFacts, out: Path) -> Entry:
    """An earlier entry of one of merlab's methods that needs nothing but its record, stated again."""
    try:
        method, recipe = find_method(facts.method), parse_recipe(facts.input)
        return make_entry(method, facts.preset, facts.seeds, recipe, facts.settings, facts.network)
    except MerlabError as error:
        raise MerlabError(
            f"{out} holds a run of {facts.method} as another merlab had it ({error}); pass it again together with the "
            "new ones, if this merlab has it, or give another folder (--out)"
        ) from error


def _stored(facts: MethodFacts, plan: Plan, out: Path) -> Sequence[Path]:
    """The stored predictions of a method that cannot be run again from the record: its code or files are needed."""
    paths = _paths(facts, plan, out)
    if not all(path.exists() for path in paths):
        files = [*facts.start_files.values(), *([facts.synthetic.name] if facts.synthetic else [])]
        what = "with code of your own" if facts.origin else f"which uses {', '.join(files)}"
        raise MerlabError(
            f"{out} contains an unfinished run of {facts.method}, {what}; run its command again first, pass it again "
            "together with the new ones, or give another folder (--out)"
        )
    return paths


def _paths(facts: MethodFacts, plan: Plan, out: Path) -> list[Path]:
    """The file of predictions of each seed and fold of a method."""
    store, folds = PredictionStore(out), [split.name for split in plan.splits]
    return [store.stored_path(facts.key, fold, seed, folds) for seed in facts.seeds for fold in folds]

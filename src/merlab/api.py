"""Evaluating methods on clips: the functions that the command line, notebooks and the reproduction of tables call."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError, keeping
from merlab.evaluation.engines import Engine, LocalEngine, as_engine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.predictions import METRICS_FILE, PREDICTIONS_FILE
from merlab.evaluation.study import Clips, SchemeGiven, Study
from merlab.given import as_path
from merlab.inputs import InputKind, Recipe
from merlab.models.starts import load_starts
from merlab.outputs.locks import only_writer
from merlab.progress import Progress, shown_progress
from merlab.reports.html import write_report
from merlab.reports.results import Results
from merlab.reports.run import read_run


def evaluate(
    clips: Clips,
    methods: object,
    *,
    scheme: SchemeGiven = "as-labeled",
    protocol: str = "loso",
    seeds: int | Sequence[int] = 5,
    input: str | Recipe | InputKind | None = None,  # noqa: A002 - what users call it
    preset: str | None = None,
    training: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
    folds: int | None = None,
    train_on: Sequence[str] | None = None,
    start: Path | str | Sequence[Path | str] | None = None,
    synthetic: Path | str | None = None,
    out: Path | str | None = None,
    jobs: int | None = None,
    engine: Engine | None = None,
    cache: Path | str | None = None,
    progress: Progress | bool = True,
) -> Results:
    """Evaluate methods by folds that share no subject; no method ever gets a label of a test subject.

    Args:
        clips: a table of clips (``merlab.load``), or several to pool.
        methods: one method, a list, or a mapping from names to methods. A method is a name that ``merlab.methods()``
            lists, ``"FILE.py:NAME"``, a ``merlab.Method``, a scikit-learn classifier (gets flattened inputs), or any
            object with ``fit(inputs, labels)`` and ``predict_proba(inputs)`` (gets inputs (N, C, H, W)); ``fit`` may
            also take ``groups`` and ``seed``.
        scheme: how labels become classes: a name that ``merlab.schemes()`` lists, a YAML file, a mapping from label to
            class, or a mapping with the entries of such a file. Unless given, every label is a class.
        protocol: ``loso``, ``kfold`` or ``hold-out-database``.
        seeds: how many seeds, or the seeds; fewer than 5 are marked. Methods without random numbers run once.
        input: the recipe of the input (``merlab.inputs()``); unless given, each method's own.
        preset: unless given, ``flow28`` on stored flow where a method has it, else ``reduced``, else its first. A
            method of one form, such as a baseline, ignores a preset that another method of the run has.
        training: training settings that replace the preset's, such as ``{"epochs": 20}``. Methods that are no networks
            ignore them; a warning says so where there are only such.
        network: network options that replace the preset's; other methods ignore them in the same way.
        folds: the number of folds of ``kfold``, 5 unless given.
        train_on: with ``hold-out-database``, the databases to train on, by name.
        start: a file of weights that training starts from, or several: seed s starts from number s modulo their count.
            A file of ``merlab pretrain`` must be of a method of the run, with the same input and classes, and must not
            be trained on a database that is tested. A file of a published network (.safetensors, or .pth and .pt of
            PyTorch), such as ResNet-18 trained on ImageNet, starts the methods that contain this network.
        synthetic: a folder of synthetic flow (``merlab make-flow``), whose clips are mixed into the training of the
            methods whose preset states it.
        out: the run folder, with predictions, metrics and report; a run that was stopped there is resumed. Unless
            given, nothing is kept on the disk.
        jobs: worker processes; None: one per core. Each holds the inputs of all clips in memory. A worker of
            ``multiprocessing.Pool``, which may not start processes, works alone. The results do not depend on it.
        engine: where the work runs, such as ``merlab.evaluation.engines.RayEngine("HOST:PORT")``; ``jobs`` is then an
            argument of the engine.
        cache: the folder for inputs; None: the user's cache.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The results of these methods, with tables, comparisons and a figure. ``out`` keeps those of earlier calls too;
        ``Results.read(out)`` gives all of them.

    Raises:
        MerlabError: for any fault in the clips, the methods or an option, with the remedy, and where another process
            writes ``out``.

    """
    study = Study.of(
        clips,
        methods,
        scheme=scheme,
        protocol=protocol,
        seeds=seeds,
        input=input,
        preset=preset,
        training=training,
        network=network,
        folds=folds,
        train_on=train_on,
        starts=load_starts(start),
        synthetic=synthetic,
    )
    chosen = LocalEngine(jobs) if engine is None else engine
    return evaluate_study(study, out, engine=chosen, cache=cache, progress=progress)


def evaluate_study(
    study: Study,
    out: Path | str | None = None,
    *,
    engine: Engine | None = None,
    cache: Path | str | None = None,
    progress: Progress | bool = True,
) -> Results:
    """Evaluate a study; arguments and errors as in ``evaluate``.

    A run folder has one writer: each would store a table without the methods of the other.
    """
    # A method of yours may change the current folder.
    kept = None if out is None else as_path(out, "out").absolute()
    where = None if cache is None else as_path(cache, "cache").absolute()
    engine = LocalEngine() if engine is None else as_engine(engine)
    plan = study.plan()
    with shown_progress(progress) as report, ExitStack() as stack:
        if kept:
            stack.enter_context(only_writer(kept))
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with keeping(f"finished work is kept in {kept}" if kept else "nothing is kept, because no folder was given"):
            with _reporting_what_is_complete(folder):
                record, predictions = run_plan(plan, folder, cache=where, engine=engine, progress=report)
            results = Results(record, predictions, kept)
            if kept:
                write_report(results.run, kept)
    return results.only([entry.name for entry in plan.entries])


@contextmanager
def _reporting_what_is_complete(folder: Path) -> Iterator[None]:
    """After an error, the report of the methods that are complete, if their predictions were stored anew."""
    try:
        yield
    except MerlabError:
        if (folder / PREDICTIONS_FILE).exists() and not (folder / METRICS_FILE).exists():
            write_report(read_run(folder), folder)
        raise

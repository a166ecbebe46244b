"""The commands that repeat a run, from its record."""

from __future__ import annotations

import json
import shlex
from itertools import groupby
from typing import Any

from merlab.reports.run import MethodFacts, Run


def rerun_commands(run: Run) -> list[str]:
    """One ``merlab evaluate`` line for each group of methods that share preset, input, settings and seeds.

    Every training setting is stated, so that the line does not depend on what a preset says in another version. Folders
    are not: ``CASME2_FOLDER`` stands for the folder of casme2, ``RUN_FOLDER`` for a new folder that all lines share.
    """
    data = _data_options(run)
    methods = sorted(run.record.methods, key=_group)
    return [_command(list(group), data) for _, group in groupby(methods, key=_group)]


def _group(method: MethodFacts) -> str:
    return json.dumps([method.preset, method.input, method.settings, method.seeds], sort_keys=True)


def _command(methods: list[MethodFacts], data: list[str]) -> str:
    first = methods[0]
    own = ["--preset", first.preset, "--input", first.input, "--seeds", str(len(first.seeds))]
    for key, value in (first.settings or {}).items():
        own += ["--set", f"{key}={_setting(value)}"]
    return shlex.join(["merlab", "evaluate", *(method.method for method in methods), *data, *own])


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _data_options(run: Run) -> list[str]:
    data = run.record.data
    options = []
    for database in run.record.databases:
        options += ["--database", database.name, "--root", f"{database.name.upper().replace('-', '_')}_FOLDER"]
    options += ["--scheme", data.scheme, "--protocol", data.protocol]
    if data.protocol == "kfold":
        options += ["--folds", str(data.folds)]
    tested = set(run.predictions["database"])
    for name in data.clips_per_database:
        if name not in tested:
            options += ["--train-on", name]
    if any(stamp.startswith("INCOMPLETE") for stamp in data.stamps):
        options.append("--allow-unusable")
    return [*options, "--out", "RUN_FOLDER"]

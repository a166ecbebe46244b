"""The commands that repeat a run, from its record."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from merlab.errors import MerlabError
from merlab.evaluation.run_record import DatabaseFacts, DataFacts, MethodFacts
from merlab.inputs import EXTENSIONS, INPUTS
from merlab.inputs.recipe import kind_named_in
from merlab.methods import METHODS
from merlab.methods.method import DEFAULT_PRESET
from merlab.reports.run import Run
from merlab.schemes import find_scheme
from merlab.spelling import as_typed

FROM_PYTHON = "object"


def rerun_commands(run: Run) -> list[str]:
    """One ``merlab evaluate`` line for each group of methods that share preset, input, settings and seeds.

    Those of one ``FILE.py:NAME`` have one line. Every training setting is stated, so that the line does not depend on
    the presets of another version. Folders and files are placeholders: ``CASME2_FOLDER`` is the folder of casme2,
    ``CASME2_TABLE`` its coding table if it was chosen, ``RUN_FOLDER`` a new folder that all lines share,
    ``SCHEME.yaml`` a file with a scheme of your own. Weights to start from and synthetic flow have the names of their
    file and folder. A method of a file has its input unstated where only the file has this kind of input. For a method
    or an input that was passed as a Python object, a line names it, because no command can repeat it.
    """
    data = _data_options(run)
    methods = run.record.methods
    of_merlab = sorted((method for method in methods if not method.origin), key=_group)
    lines = [_command(list(group), data) for _, group in groupby(of_merlab, key=_group)]
    for origin in dict.fromkeys(method.origin for method in methods if method.origin not in {"", FROM_PYTHON}):
        lines.append(_line_of([method for method in methods if method.origin == origin], data))
    return lines + [_unrepeatable(method) for method in methods if method.origin == FROM_PYTHON]


def _line_of(methods: list[MethodFacts], data: list[str]) -> str:
    """The line of the methods of one file; a remark where no line gives each its settings."""
    first = max(methods, key=lambda method: (method.settings is not None, len(method.seeds)))
    if all(_fits(method, first) for method in methods):
        return _command([first], data)
    names = ", ".join(method.method for method in methods)
    return f"# {names} of {first.origin} have different settings, and a command would give all of them the same"


def _fits(method: MethodFacts, line: MethodFacts) -> bool:
    """Whether a method has its settings in the line of another: one that is no network ignores those of networks."""
    if method.input != line.input or method.seeds not in (line.seeds, line.seeds[:1]):
        return False
    if method.settings is None and method.preset == DEFAULT_PRESET:
        return True
    return all(getattr(method, name) == getattr(line, name) for name in ("preset", "settings", "network", "starts"))


def _unrepeatable(method: MethodFacts) -> str:
    known = METHODS.get(method.method)
    is_of_merlab = known is not None and known.title == method.title
    what = f"reads an input of your own, {kind_named_in(method.input)}," if is_of_merlab else "is an object"
    return f"# {method.method} {what} that was passed to merlab.evaluate in Python"


def _has_known_input(method: MethodFacts) -> bool:
    """Whether ``--input`` finds the kind of input: it is merlab's, or of a package that is installed here."""
    try:
        EXTENSIONS.find(kind_named_in(method.input), INPUTS)
    except MerlabError:
        return False
    return True


def _group(method: MethodFacts) -> str:
    stated = [method.preset, method.input, method.settings, _changed_network(method), method.seeds, _material(method)]
    return json.dumps(stated, sort_keys=True)


def _material(method: MethodFacts) -> list[str]:
    """The digests of what training used beside the clips."""
    return [*(start.digest for start in method.starts), *([method.synthetic.digest] if method.synthetic else [])]


def _command(methods: list[MethodFacts], data: list[str]) -> str:
    first = methods[0]
    own = ["--preset", first.preset, *(["--input", first.input] if _has_known_input(first) else [])]
    own += ["--seeds", seeds_text(first.seeds)]
    for key, value in (first.settings or {}).items():
        own += ["--set", f"{key}={_setting(value)}"]
    own += [option for name in first.start_files.values() for option in ("--from", name)]
    own += ["--synthetic", first.synthetic.name] if first.synthetic else []
    for key, value in _changed_network(first).items():
        own += ["--network", f"{key}={_setting(value)}"]
    named = ["--method", first.origin] if first.origin else [method.method for method in methods]
    return as_typed("merlab", "evaluate", *named, *data, *own)


def _changed_network(method: MethodFacts) -> dict[str, Any]:
    """The network options that are not those of the preset."""
    known = METHODS.get(method.method)
    stated = known.presets[method.preset].network if known and method.preset in known.presets else {}
    return {key: value for key, value in method.network.items() if stated.get(key) != value}


def seeds_text(seeds: list[int]) -> str:
    """Seeds as ``--seeds`` takes them: their number where they are 0 to N - 1, else themselves, one alone as ``7,``."""
    if seeds == list(range(len(seeds))):
        return str(len(seeds))
    return ",".join(map(str, seeds)) + "," * (len(seeds) == 1)


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _data_options(run: Run) -> list[str]:
    data = run.record.data
    options = []
    for database in run.record.databases:
        options += ["--database", database.name, "--root", _placeholder(database, "FOLDER")]
    options += _reading_options(run)
    options += ["--scheme", _scheme(data), "--protocol", data.protocol]
    if data.protocol == "kfold":
        options += ["--folds", str(data.folds)]
    options += _training_databases(run, data)
    if any(stamp.startswith("INCOMPLETE") for stamp in data.stamps):
        options.append("--allow-unusable")
    return [*options, "--out", "RUN_FOLDER"]


def _scheme(data: DataFacts) -> str:
    """The name of a scheme of merlab or of a package that is installed here; else a placeholder for a file."""
    try:
        is_known = not data.labels or dict(find_scheme(data.scheme).emotions) == data.labels
    except MerlabError:
        is_known = False
    return data.scheme if is_known else "SCHEME.yaml"


def _reading_options(run: Run) -> list[str]:
    """The coding tables that were chosen, and whether the frames were stated to be aligned."""
    databases = run.record.databases
    tables = [
        text
        for database in databases
        if "--table" in database.options
        for text in ("--table", f"{database.name}={_placeholder(database, 'TABLE')}")
    ]
    return tables + ["--aligned"] * any("--aligned" in database.options for database in databases)


def _placeholder(database: DatabaseFacts, what: str) -> str:
    return f"{database.name.upper().replace('-', '_')}_{what}"


def _training_databases(run: Run, data: DataFacts) -> list[str]:
    tested = set(run.predictions["database"])
    return [option for name in data.clips_per_database if name not in tested for option in ("--train-on", name)]

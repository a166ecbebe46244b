"""What methods may use in training beside the clips of a fold: which of them uses what, and whether it fits the run."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from merlab.errors import MerlabError, naming_mistakes
from merlab.evaluation.plan import Entry, Plan
from merlab.evaluation.start import Start
from merlab.evaluation.synthetic_flow import SyntheticFlow, require_recipe, require_scheme
from merlab.evaluation.zoo import ZooFile, start_from
from merlab.methods.ensembles import trained_parts
from merlab.methods.method import Method, Preset
from merlab.stamps import SYNTHETIC, SYNTHETIC_TRAINING
from merlab.synthesis.flow_clips import FlowClips, read_flow

START_FILE, FLOW_FOLDER = "start.safetensors", "flow-clips"


def with_material(plan: Plan, starts: Sequence[Start | ZooFile], folder: Path | None) -> Plan:
    """The plan whose methods use weights to start from and the synthetic flow in a folder, each what it can use.

    Raises MerlabError where a method lacks what its preset needs, where something is used by no method, where a start
    has another input, network or other classes than its method here, where a start was trained on a tested database,
    and for synthetic flow that the scheme or the input does not fit.
    """
    flow = None if folder is None else read_flow(folder)
    given = None if folder is None or flow is None else SyntheticFlow.of(folder, flow)
    fitting = _fitting(plan, [start for start in starts if isinstance(start, ZooFile)])
    written = [start for start in starts if isinstance(start, Start)]
    entries = tuple(
        _with_its_material(entry, [*written, *own], given) for entry, own in zip(plan.entries, fitting, strict=True)
    )
    _require_starts_in_use(entries, written)
    for entry in entries:
        _require_what_it_needs(entry)
    _require_flow_in_use(entries, given)
    plan = replace(plan, entries=entries)
    for entry in entries:
        _check_starts(plan, entry)
    if flow is not None:
        _check_flow(plan, flow)
    return replace(plan, entries=tuple(replace(entry, marks=_marks(plan, entry)) for entry in entries))


def _fitting(plan: Plan, files: Sequence[ZooFile]) -> list[list[Start]]:
    """For each entry, what fits its methods of files that are not merlab's; raises MerlabError for one without use."""
    fitting: list[list[Start]] = [[] for _ in plan.entries]
    for file in files:
        reasons: list[str] = []
        for entry, own in zip(plan.entries, fitting, strict=True):
            for method, preset in parts(entry):
                try:
                    own.append(start_from(file, method, preset, plan.task(entry), entry.recipe, plan.classes))
                except MerlabError as error:
                    reasons.append(str(error))
        if all(start.digest != file.digest for own in fitting for start in own):
            raise MerlabError("; ".join(dict.fromkeys(reasons)))
    return fitting


def parts(entry: Entry) -> Iterator[tuple[Method, Preset]]:
    """The methods that an entry trains, with their presets: those of an ensemble, or the method itself."""
    for method, name in trained_parts(entry.method, entry.preset_name):
        if method is entry.method:
            yield method, entry.preset
        else:
            preset, training = method.preset(name), entry.preset.training
            changed = training is not None and preset.training is not None
            yield method, preset.model_copy(update={"training": training}) if changed else preset


def _mixes(method: Method, preset: Preset) -> bool:
    """Whether training under a preset needs synthetic clips: by the share of its batches, or as it states."""
    shared = preset.training is not None and preset.training.synthetic_share > 0
    return shared or (method.network is None and "synthetic" in preset.needs)


def _may_use(method: Method, entry: Entry) -> bool:
    """Whether the method is your own and requests the material, so that it decides what it uses."""
    requested = inspect.signature(method.pipeline).parameters.get("material") if method.pipeline else None
    return entry.own and requested is not None and requested.kind is inspect.Parameter.KEYWORD_ONLY


def _with_its_material(entry: Entry, starts: Sequence[Start], synthetic: SyntheticFlow | None) -> Entry:
    trained = list(parts(entry))
    names = {method.name for method, _ in trained if method.network is not None or method.zoo_network is not None}
    mixes = any(_mixes(method, preset) or _may_use(method, entry) for method, preset in trained)
    own = tuple(start for start in starts if start.method in names)
    return replace(entry, starts=own, synthetic=synthetic if mixes else None)


def _require_what_it_needs(entry: Entry) -> None:
    """Raise MerlabError with the options and the commands to type if a preset lacks what it needs."""
    trained = list(parts(entry))
    given = {start.method for start in entry.starts}
    unstarted = [method for method, preset in trained if "start" in preset.needs and method.name not in given]
    unmixed = entry.synthetic is None and any(_mixes(method, preset) for method, preset in trained)
    for method, preset in trained:
        _require_intensities(method, preset, entry.preset_name)
    commands = [f"merlab make-flow {FLOW_FOLDER}"] if unstarted or unmixed else []
    options = [f"--synthetic {FLOW_FOLDER}"] if unmixed else []
    for method in dict.fromkeys(unstarted):
        commands.append(_pretraining(method))
        options.append(f"--from {START_FILE}")
    if commands:
        what = " and ".join(["weights to start from"] * bool(unstarted) + ["synthetic flow"] * unmixed)
        raise MerlabError(
            f"{entry.name} with preset {entry.preset_name} needs {what}; add {' '.join(options)}, made once by "
            f"{' && '.join(commands)}"
        )


def _require_intensities(method: Method, preset: Preset, name: str) -> None:
    """Raise MerlabError for training on intensities of action units without synthetic clips, which alone have them."""
    training = preset.training
    if training is not None and training.unit_loss > 0 and training.synthetic_share == 0:
        raise MerlabError(
            f"{method.name} with preset {name} trains on intensities of action units (unit_loss="
            f"{training.unit_loss:g}), which only synthetic clips have: use the preset with merlab pretrain, or set "
            "synthetic_share above 0 or unit_loss to 0"
        )


def _pretraining(method: Method) -> str:
    """The command that makes a start of a method."""
    preset = next((name for name in method.presets if name.startswith("synthetic")), next(iter(method.presets)))
    return f"merlab pretrain {START_FILE} --method {method.name} --preset {preset} --synthetic {FLOW_FOLDER}"


def _require_starts_in_use(entries: Sequence[Entry], starts: Sequence[Start]) -> None:
    used = {start.digest for entry in entries for start in entry.starts}
    for start in starts:
        if start.digest not in used:
            raise MerlabError(
                f"{start.name} holds weights of {start.method}, which is not among the methods of this run: "
                f"{', '.join(entry.name for entry in entries)}; name that method, or leave --from {start.name} out"
            )


def _require_flow_in_use(entries: Sequence[Entry], synthetic: SyntheticFlow | None) -> None:
    names = ", ".join(f"{entry.name} (preset {entry.preset_name})" for entry in entries)
    if synthetic is not None and not any(entry.synthetic for entry in entries):
        raise MerlabError(
            f"no method of this run mixes synthetic clips into its training: {names}; choose a preset that does, such "
            "as --preset pretrained, set synthetic_share, or leave --synthetic out"
        )


def _check_starts(plan: Plan, entry: Entry) -> None:
    tested = [plan.table[row].database for row in sorted({row for split in plan.splits for row in split.test})]
    modules = {method.name: (method, preset) for method, preset in parts(entry)}
    for start in entry.starts:
        start.require_unseen(tested)
        start.require_classes(plan.classes)
        start.require_input(entry.name, entry.recipe)
        method, preset = modules[start.method]
        with naming_mistakes(f"method {method.name}: its network", entry.own):
            start.require_network(method.outline(plan.task(entry), preset))


def _marks(plan: Plan, entry: Entry) -> tuple[str, ...]:
    """The stamps of what an entry uses.

    A start may be trained on further databases, or be given to a preset that expects none. Synthetic clips of the same
    seed show the same subjects, whether they are faces or flow.
    """
    databases = sorted({name for start in entry.starts for name in start.databases})
    marks = [f"START TRAINED ON: {', '.join(databases)}"] if databases else []
    if entry.starts and not databases and not any("start" in preset.needs for _, preset in parts(entry)):
        marks.append("START")
    of_merlab = [start for start in entry.starts if start.fitted is None]
    if SYNTHETIC in plan.table.stamps and (of_merlab or entry.synthetic):
        marks.append(SYNTHETIC_TRAINING)
    return tuple(marks)


def _check_flow(plan: Plan, flow: FlowClips) -> None:
    require_scheme(flow, plan.labeled.scheme)
    for recipe in dict.fromkeys(entry.recipe for entry in plan.entries if entry.synthetic):
        require_recipe(flow, recipe)

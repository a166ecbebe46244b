"""A study: all of an experiment in one object, for the command line, Python and recipes alike."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ConfigDict, Field, field_validator

from merlab.alignment_record import recorded_stamps
from merlab.clips import Clip, ClipTable
from merlab.clips.whole_heads import mark_whole_heads
from merlab.errors import MerlabError
from merlab.evaluation.fit_arguments import require_action_units
from merlab.evaluation.material import with_material
from merlab.evaluation.plan import Entry, Plan, default_preset, make_entry
from merlab.evaluation.seeds import as_seeds
from merlab.evaluation.split_faults import warn_of_untrained_classes, with_split_faults
from merlab.evaluation.start import Start
from merlab.evaluation.zoo import ZooFile
from merlab.given import as_names, as_path, as_settings, as_whole, require_instance
from merlab.inputs import InputKind, Recipe, as_recipe
from merlab.json_models import GivenModel
from merlab.methods import Method, methods_of, one_method
from merlab.methods.ensembles import is_ensemble_of_networks
from merlab.methods.method import DEFAULT_PRESET
from merlab.protocols import as_protocol, label_clips, make_splits
from merlab.schemes import Scheme, as_scheme
from merlab.spelling import counted

Clips = ClipTable | Iterable[ClipTable] | Iterable[Clip]
SchemeGiven = str | Path | Mapping[str, Any] | Scheme


class MethodSetup(GivenModel):
    """One method of a study, and the options that replace its defaults.

    Attributes:
        method: the method, or its name, or anything else that ``merlab.evaluate`` takes for one.
        preset: its preset; None: ``flow28`` on stored flow where it has it, else ``reduced``, else its first. A method
            of your own without presets ignores it.
        recipe: its input, or the text of it; None: the preset's, else the method's.
        training: training settings that replace the preset's, by name.
        network: network options that replace the preset's, by name.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    method: Method
    preset: str | None = None
    recipe: Recipe | None = None
    training: Mapping[str, Any] = Field(default_factory=dict)
    network: Mapping[str, Any] = Field(default_factory=dict)

    @field_validator("method", mode="before")
    @classmethod
    def _as_method(cls, given: object) -> Method:
        return one_method(given)

    @field_validator("recipe", mode="before")
    @classmethod
    def _as_recipe(cls, given: str | Recipe | InputKind | None) -> Recipe | None:
        return None if given is None else as_recipe(given)

    def entry(self, table: ClipTable, seeds: Sequence[int]) -> Entry:
        """The method with all its settings, for these clips; raises MerlabError naming what is wrong."""
        without_choice = set(self.method.presets) == {DEFAULT_PRESET}
        preset = self.preset if self.preset is not None and not without_choice else default_preset(self.method, table)
        return make_entry(self.method, preset, seeds, self.recipe, self.training, self.network)


class Study(GivenModel):
    """An experiment: methods x folds x seeds on clips.

    Attributes:
        clips: the clips, with their findings and sources.
        scheme: how labels become classes.
        protocol: ``loso``, ``kfold`` or ``hold-out-database``.
        folds: how many folds ``kfold`` makes; None for the default.
        train_on: with ``hold-out-database``, the databases to train on; None holds out each in turn.
        methods: the methods, each with its settings.
        seeds: the seeds of every method that uses random numbers.
        starts: weights that training starts from; seed s of a method starts from number s modulo their count.
        synthetic: a folder of synthetic flow that is mixed into training; None for none.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    clips: ClipTable
    scheme: Scheme
    protocol: str
    folds: int | None = Field(default=None, ge=2)
    train_on: tuple[str, ...] | None = None
    methods: tuple[MethodSetup, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    starts: tuple[Start | ZooFile, ...] = ()
    synthetic: Path | None = None

    def __repr__(self) -> str:
        methods = ", ".join(setup.method.name for setup in self.methods)
        return f"Study of {methods} on {self.clips!r}; {self.scheme.name}, {self.protocol}, seeds {self.seeds}"

    __str__ = __repr__

    @classmethod
    def of(
        cls,
        clips: Clips,
        methods: object,
        *,
        scheme: SchemeGiven,
        protocol: str,
        seeds: int | Sequence[int] = 5,
        folds: int | None = None,
        train_on: Sequence[str] | None = None,
        input: str | Recipe | InputKind | None = None,  # noqa: A002 - the public name of the option
        preset: str | None = None,
        training: Mapping[str, Any] | None = None,
        network: Mapping[str, Any] | None = None,
        starts: Sequence[Start | ZooFile] = (),
        synthetic: Path | str | None = None,
    ) -> Study:
        """A study whose methods share preset, input and settings; raises MerlabError naming what is wrong.

        ``methods`` is anything that ``merlab.evaluate`` takes. A method of one form, such as a baseline, ignores a
        preset that another one has.
        """
        shared: dict[str, Any] = {
            "recipe": None if input is None else as_recipe(input),
            "training": as_settings(training, "training", '{"epochs": 20}'),
            "network": as_settings(network, "network", '{"width": 16}'),
        }
        chosen = methods_of(methods)
        _warn_of_unused(chosen, shared["training"], shared["network"])
        warn_of_regions(shared["recipe"], chosen)
        if preset is not None:
            require_instance(preset, str, "preset", "the name of one")
            _warn_of_unused_preset(preset, chosen)
        return cls(
            clips=as_table(clips),
            scheme=as_scheme(scheme),
            protocol=as_protocol(protocol),
            folds=None if folds is None else as_whole(folds, "folds", 2),
            train_on=None if train_on is None else as_names(train_on, "train_on"),
            methods=tuple(
                MethodSetup(method=method, preset=_preset_of(method, preset, chosen), **shared) for method in chosen
            ),
            seeds=as_seeds(seeds),
            starts=tuple(starts),
            synthetic=None if synthetic is None else as_path(synthetic, "synthetic"),
        )

    def plan(self) -> Plan:
        """Label and split the clips, and state every method; raises MerlabError naming what is wrong."""
        labeled = label_clips(self.clips, self.scheme)
        splits = make_splits(self.protocol, labeled, folds=self.folds, train_on=self.train_on)
        labeled = with_split_faults(labeled, splits)
        entries = tuple(setup.entry(labeled.table, self.seeds) for setup in self.methods)
        plan = Plan(labeled, self.protocol, tuple(splits), entries)
        require_action_units(plan)
        plan = with_material(plan, self.starts, self.synthetic)
        warn_of_untrained_classes(plan)
        return plan


def _warn_of_unused(methods: Sequence[Method], training: Mapping[str, Any], network: Mapping[str, Any]) -> None:
    """Warn of training settings, and of options of networks, that no method takes: scripts give the same to all.

    An ensemble whose networks do not take them is named also beside other methods: it has networks.
    """
    trained = [method for method in methods if any(preset.training for preset in method.presets.values())]
    networks = [method for method in methods if method.network is not None]
    for what, given, taken in (("training settings", training, trained), ("network options", network, networks)):
        names = ", ".join(method.name for method in methods)
        keeping = [method.name for method in methods if method not in taken and is_ensemble_of_networks(method)]
        if given and keeping:
            warnings.warn(
                f"{what} ({', '.join(given)}) change nothing in {', '.join(keeping)}, whose networks keep their own; "
                "evaluate its networks alone to change theirs",
                stacklevel=4,
            )
        elif given and not taken:
            warnings.warn(
                f"{what} ({', '.join(given)}) change nothing: they are of networks that merlab trains, and this run "
                f"has none: {names}",
                stacklevel=4,
            )


def _warn_of_unused_preset(preset: str, methods: Sequence[Method]) -> None:
    """Warn of a preset where every method is your own without presets, and ignores it."""
    if preset != DEFAULT_PRESET and all(set(method.presets) == {DEFAULT_PRESET} for method in methods):
        names = ", ".join(method.name for method in methods)
        warnings.warn(f"preset {preset} changes nothing: no method of this run has presets: {names}", stacklevel=4)


def warn_of_regions(recipe: Recipe | None, methods: Sequence[Method], stacklevel: int = 4) -> None:
    """Warn of facial regions of an input that no method takes, as each has its own view of the face."""
    if recipe is not None and recipe.regions != "none" and all(method.view == "global" for method in methods):
        warnings.warn(
            f"regions={recipe.regions} of the input changes nothing: {', '.join(method.name for method in methods)} "
            f"{'takes' if len(methods) == 1 else 'take'} the whole face; methods with a local view, such as ltfem and "
            'dbfem, take regions, and so does a merlab.Method of yours with view="local"',
            stacklevel=stacklevel,
        )


def _preset_of(method: Method, preset: str | None, methods: Sequence[Method]) -> str | None:
    """The preset to use for one of the methods; None for its own choice."""
    forms = list(method.presets.values())
    has_one_form = all(form == forms[0] for form in forms)
    is_of_another = preset not in method.presets and any(preset in other.presets for other in methods)
    return None if has_one_form and is_of_another else preset


def as_table(clips: Clips) -> ClipTable:
    """One table of clips from a table, several tables, or single clips; raises MerlabError for anything else.

    Whole heads give the stamp WHOLE HEADS, with a warning unless a table has it already; clips below a folder of
    synthetic faces give the stamp SYNTHETIC, also in a table of your own, which states no stamps.
    """
    table = _joined(clips)
    return mark_whole_heads(replace(table, stamps=tuple(dict.fromkeys((*table.stamps, *recorded_stamps(table))))))


def _joined(clips: Clips) -> ClipTable:
    if isinstance(clips, ClipTable):
        return clips
    is_one = isinstance(clips, str | bytes | pd.DataFrame) or not isinstance(clips, Iterable)
    given = [clips] if is_one else list(clips)
    if given and all(isinstance(each, ClipTable) for each in given):
        tables = [each for each in given if isinstance(each, ClipTable)]
        _require_different(tables)
        _warn_of_one_name(tables)
        return ClipTable.joined(tables)
    if given and all(isinstance(each, Clip) for each in given):
        return ClipTable(tuple(each for each in given if isinstance(each, Clip)))
    kinds = ", ".join(sorted({type(each).__name__ for each in given})) or "nothing"
    raise MerlabError(
        f'clips must be a ClipTable, several of them, or Clip objects, got {kinds}; merlab.load("casme2", FOLDER) '
        'reads a database, merlab.load("table", FILE) a table of your own clips'
    )


def _warn_of_one_name(tables: Sequence[ClipTable]) -> None:
    """Warn of table files that give their name, which is one, to their clips: they become one database."""
    named: dict[str, set[Path]] = defaultdict(set)
    for table in tables:
        databases = {clip.database for clip in table}
        for source in table.sources:
            if source.name == "table" and source.root.stem in databases:
                named[source.root.stem].add(source.root)
    for name, files in named.items():
        if len(files) > 1:
            warnings.warn(
                f"{' and '.join(map(str, sorted(files)))} are read as one database, {name}, after the name of the "
                "file: a person of one name in both is one person; if they are different data sets, write different "
                "names into their columns database",
                stacklevel=6,
            )


def _require_different(tables: Sequence[ClipTable]) -> None:
    """Raises MerlabError for a clip that is in two tables."""
    twice = [key for key, count in Counter(clip.key for table in tables for clip in table).items() if count > 1]
    if twice:
        raise MerlabError(
            f"{counted(len(twice), 'clip')} given twice, such as {twice[0]}; give each database once, and clips of two "
            "tables different names"
        )

"""A complete description of a run: labeled clips, splits, and methods with their settings and seeds."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from merlab.clips import ClipTable
from merlab.errors import MerlabError, naming_mistakes
from merlab.evaluation.predictions import clip_keys
from merlab.evaluation.run_record import DataFacts, MethodFacts
from merlab.evaluation.start import Start
from merlab.evaluation.synthetic_flow import CROP_SEED, SyntheticFlow
from merlab.fingerprint import fingerprint
from merlab.inputs import Recipe, as_recipe, is_known
from merlab.methods import is_own
from merlab.methods.ensembles import is_ensemble
from merlab.methods.method import Method, Preset, Task
from merlab.protocols import Labeled, Split
from merlab.schemes import SCHEMES
from merlab.stamps import TRANSDUCTIVE
from merlab.training import TrainingSettings

SEEDS_FOR_A_REPORTED_NUMBER = 5
LEAKY_SELECTION = "best-epoch-on-test"


@dataclass(frozen=True)
class Entry:
    """One method of a run with everything that decides its predictions.

    ``own`` is True for a method that is not one of merlab's. ``starts`` and ``synthetic`` are what its training uses
    beside the clips of a fold (``material``); ``marks`` are stamps that follow from both. ``adapts`` is True where the
    method gets the inputs of the test clips without their labels; a plan sets it. ``inputs`` is the digest of its
    inputs, empty until they are made.
    """

    method: Method
    preset_name: str
    preset: Preset
    recipe: Recipe
    seeds: tuple[int, ...]
    own: bool = False
    starts: tuple[Start, ...] = ()
    synthetic: SyntheticFlow | None = None
    marks: tuple[str, ...] = ()
    adapts: bool = False
    inputs: str = ""

    @property
    def name(self) -> str:
        """The method's name."""
        return self.method.name

    @property
    def stamps(self) -> list[str]:
        """What a reader of this method's numbers must know first."""
        stamps = list(self.marks)
        training = self.preset.training
        preset = self.method.preset(self.preset_name)
        if self.preset.reduced or _is_shorter(training, preset.training):
            stamps.append("REDUCED")
        if training is not None and training.selection == LEAKY_SELECTION:
            stamps.append("LEAKY: epoch picked on the test subject")
        if self.adapts:
            stamps.append(TRANSDUCTIVE)
        published = preset.network
        changed = [f"{name}={value}" for name, value in self.preset.network.items() if published.get(name) != value]
        if changed:
            stamps.append(f"NETWORK {', '.join(changed)}")
        if self.method.is_seeded(self.preset) and len(self.seeds) < SEEDS_FOR_A_REPORTED_NUMBER:
            stamps.append(f"{len(self.seeds)} SEED" + ("S" if len(self.seeds) > 1 else ""))
        return stamps

    @property
    def origin(self) -> str:
        """How what is not merlab's was passed, as run.json states it: the method, or a kind of input of your own."""
        is_own = self.own or not is_known(self.recipe.kind)
        return (self.method.origin or "object") if is_own else ""

    @property
    def code(self) -> str:
        """The code and the state of the method, as they are now."""
        return fingerprint((self.method.network, self.method.pipeline))

    def key(self, inputs_digest: str, data_digest: str, versions: Mapping[str, str]) -> str:
        """The run key: equal exactly when predictions of a fold and seed may be taken from an earlier run.

        For a method that is not merlab's own, its code and state are part of it, and so is what training does with the
        arrays of a kind of input that is not; so are starts and synthetic flow, where the method uses them.
        """
        kind = self.recipe.kind
        stated = [
            self.name,
            self.preset.model_dump(mode="json"),
            str(self.recipe),
            inputs_digest,
            data_digest,
            dict(versions),
            *([self.code] if self.own else []),
            *([] if kind.is_built_in else [fingerprint((kind.mirror, kind.strain))]),
            *([["starts", *([start.method, start.digest] for start in self.starts)]] if self.starts else []),
            *([["synthetic", self.synthetic.digest, CROP_SEED]] if self.synthetic else []),
            *([TRANSDUCTIVE] if self.adapts else []),
        ]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]

    def facts(self, key: str) -> MethodFacts:
        """The entry as run.json states it."""
        training = self.preset.training
        return MethodFacts(
            method=self.name,
            title=self.method.title,
            paper=self.method.paper,
            preset=self.preset_name,
            preset_source=self.preset.source,
            network=dict(self.preset.network),
            settings=training.model_dump(mode="json") if training else None,
            input=str(self.recipe),
            inputs=self.inputs,
            seeds=list(self.seeds),
            stamps=self.stamps,
            origin=self.origin,
            key=key,
            starts=[start.facts() for start in self.starts],
            synthetic=self.synthetic.facts() if self.synthetic else None,
        )


@dataclass(frozen=True)
class Plan:
    """A run: labeled clips, splits, and the methods to evaluate on them.

    Under ``hold-out-database``, transductive methods adapt to the database under test.
    """

    labeled: Labeled
    protocol: str
    splits: tuple[Split, ...]
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        held_out = self.protocol == "hold-out-database"
        entries = tuple(replace(entry, adapts=held_out and entry.method.transductive) for entry in self.entries)
        object.__setattr__(self, "entries", entries)

    @property
    def table(self) -> ClipTable:
        """The clips that the scheme covers."""
        return self.labeled.table

    @property
    def classes(self) -> list[str]:
        """Class names in the scheme's fixed order."""
        return list(self.labeled.scheme.classes)

    @property
    def keys(self) -> pd.DataFrame:
        """database, subject, clip of every row, in the table's order."""
        return clip_keys(self.table)

    @property
    def tested(self) -> list[int]:
        """The rows that some fold tests, ascending: all, unless databases are only trained on."""
        return sorted({row for split in self.splits for row in split.test})

    @property
    def untrained(self) -> dict[str, int]:
        """The number of test clips, by class, of a class that no training clip of their fold has, the most first."""
        found: Counter[str] = Counter()
        for split in self.splits:
            trained = set(self.labeled.labels[list(split.train)].tolist())
            tested = self.labeled.labels[list(split.test)].tolist()
            found.update(self.classes[label] for label in tested if label not in trained)
        return dict(found.most_common())

    def digest(self, *, action_units: bool = False, scheme: bool = False) -> str:
        """Of the clips, labels, classes and splits: the identity of the data side of the run.

        With ``action_units``, those of the clips belong to it: for methods that are trained on them. With ``scheme``,
        so does the class of every label: synthetic clips have labels that no clip of the run may have.
        """
        clips = [clip.key for clip in self.table]
        splits = [[split.name, list(map(int, split.train)), list(map(int, split.test))] for split in self.splits]
        stated = [self.classes, clips, self.labeled.labels.tolist(), splits]
        stated += [[clip.action_units for clip in self.table]] if action_units else []
        stated += [sorted(self.labeled.scheme.emotions.items())] if scheme else []
        return hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]

    def task(self, entry: Entry) -> Task:
        """The shape of the problem that the entry's method is built for."""
        return Task.of(len(self.classes), entry.recipe)

    def facts(self) -> DataFacts:
        """Facts for the head of a report."""
        scheme, counts = self.labeled.scheme, np.bincount(self.labeled.labels, minlength=len(self.classes))
        # A scheme of your own may have a name of merlab's.
        known = SCHEMES.get(scheme.name)
        is_of_merlab = known is not None and known.of(self.table) == scheme
        return DataFacts(
            scheme=scheme.name,
            scheme_description=scheme.description,
            classes=self.classes,
            labels=None if is_of_merlab else dict(scheme.emotions),
            protocol=self.protocol,
            folds=len(self.splits),
            clips=len(self.table),
            subjects=len(set(self.table.groups)),
            clips_per_class=dict(zip(self.classes, map(int, counts), strict=True)),
            clips_per_database=self.keys["database"].value_counts().sort_index().to_dict(),
            left_out=dict(self.labeled.left_out),
            apex_sources=self.table.frame["apex_source"].value_counts().sort_index().to_dict(),
            changes={clip.key: clip.note for clip in self.table if clip.note},
            stamps=list(self.table.stamps),
            digest=self.digest(),
            tested=len(self.tested),
            untrained=self.untrained,
        )


def make_entry(
    method: Method,
    preset_name: str,
    seeds: Sequence[int],
    recipe: Recipe | None = None,
    training: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
) -> Entry:
    """State one method: its preset, what replaces the preset's training settings and network options, its input.

    The input is ``recipe``, else the preset's, else the method's, under the views that the method takes. Methods
    without random numbers run once. A classical method has neither training settings nor network options; both are
    ignored for it. Raises MerlabError naming the setting or option that is wrong or, for any method, does not exist,
    or the input that the method cannot take.
    """
    own = is_own(method)
    with naming_mistakes(f"method {method.name}: reading its network options", own):
        preset = method.preset_with(preset_name, network if network and method.network else {})
    recipe = recipe or as_recipe(preset.input or method.input)
    method.check_layout(recipe.kind.layout)
    chosen = tuple(seeds) if method.is_seeded(preset) else (seeds[0],)
    entry = Entry(method, preset_name, preset, recipe.seen_by(method.view), chosen, own=own)
    if preset.training is None:
        for name in training or {}:
            TrainingSettings.require_field(name)
        return entry
    changed = TrainingSettings(**{**preset.training.model_dump(), **(training or {})})
    if changed.selection == LEAKY_SELECTION and is_ensemble(method):
        raise MerlabError(
            f"{method.name} averages several networks, and {LEAKY_SELECTION} measures the leak of one; evaluate its "
            "networks alone, or choose another selection"
        )
    return replace(entry, preset=preset.model_copy(update={"training": changed}))


def default_preset(method: Method, table: ClipTable) -> str:
    """``flow28`` where clips are stored flow images and the method has it, else ``reduced``, else its first."""
    stored_flow = any(clip.holds_flow for clip in table)
    wanted = ["flow28", "reduced"] if stored_flow else ["reduced"]
    return next((name for name in wanted if name in method.presets), next(iter(method.presets)))


def _is_shorter(training: TrainingSettings | None, stated: TrainingSettings | None) -> bool:
    """Whether a training has fewer epochs than the preset states, or fewer steps in an epoch."""
    if training is None or stated is None:
        return False
    steps, of_preset = (math.inf if each.steps is None else each.steps for each in (training, stated))
    return training.epochs < stated.epochs or steps < of_preset

"""What a run will do, fully stated before it starts: clips, classes, folds, methods, settings, seeds and stamps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from merlab.clips import ClipTable
from merlab.databases import find_database
from merlab.databases.database import load_clips
from merlab.errors import MerlabError
from merlab.inputs import Recipe, parse_recipe
from merlab.methods import find_method
from merlab.methods.method import Method, Preset, Task
from merlab.protocols import Labeled, Split, label_clips, make_splits
from merlab.schemes import find_scheme

SEEDS_FOR_A_REPORTED_NUMBER = 5
LEAKY_SELECTION = "best-epoch-on-test"


@dataclass(frozen=True)
class Entry:
    """One method of a run with everything that decides its predictions.

    ``epochs_of_preset`` is what the preset says, to tell a shortened run from a full one.
    """

    method: str
    preset_name: str
    preset: Preset
    recipe: Recipe
    seeds: tuple[int, ...]
    epochs_of_preset: int | None = None

    @property
    def stamps(self) -> list[str]:
        """What a reader of this method's numbers must know first."""
        stamps = []
        training = self.preset.training
        shortened = (
            training is not None and self.epochs_of_preset is not None and training.epochs < self.epochs_of_preset
        )
        if self.preset.reduced or shortened:
            stamps.append("REDUCED")
        if training is not None and training.selection == LEAKY_SELECTION:
            stamps.append("LEAKY: epoch picked on the test subject")
        published = find_method(self.method).preset(self.preset_name).network
        changed = [f"{name}={value}" for name, value in self.preset.network.items() if published.get(name) != value]
        if changed:
            stamps.append(f"NETWORK {', '.join(changed)}")
        if find_method(self.method).seeded and len(self.seeds) < SEEDS_FOR_A_REPORTED_NUMBER:
            stamps.append(f"{len(self.seeds)} SEED" + ("S" if len(self.seeds) > 1 else ""))
        return stamps

    def key(self, inputs_digest: str, data_digest: str, versions: Mapping[str, str]) -> str:
        """The run key: equal exactly when predictions of a fold and seed may be taken from an earlier run."""
        stated = [
            self.method,
            self.preset.model_dump(mode="json"),
            str(self.recipe),
            inputs_digest,
            data_digest,
            dict(versions),
        ]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Plan:
    """A run: labeled clips, splits, and the methods to evaluate on them."""

    labeled: Labeled
    protocol: str
    splits: tuple[Split, ...]
    entries: tuple[Entry, ...]
    stamps: tuple[str, ...]

    @property
    def classes(self) -> list[str]:
        """Class names in the scheme's fixed order."""
        return list(self.labeled.scheme.classes)

    @property
    def keys(self) -> pd.DataFrame:
        """database, subject, clip of every row, in the table's order."""
        return pd.DataFrame(
            [(clip.database, clip.subject, clip.name) for clip in self.labeled.table],
            columns=["database", "subject", "clip"],
        )

    def digest(self) -> str:
        """Of the clips, labels, classes and splits: the identity of the data side of the run."""
        clips = [clip.key for clip in self.labeled.table]
        splits = [[split.name, list(map(int, split.train)), list(map(int, split.test))] for split in self.splits]
        stated = [self.classes, clips, self.labeled.labels.tolist(), splits]
        return hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]

    def task(self, entry: Entry) -> Task:
        """The shape of the problem that the entry's method is built for."""
        return Task.of(len(self.classes), entry.recipe)

    def describe(self) -> dict[str, Any]:
        """Facts for the head of a report."""
        table = self.labeled.table
        counts = np.bincount(self.labeled.labels, minlength=len(self.classes))
        return {
            "scheme": self.labeled.scheme.name,
            "scheme_description": self.labeled.scheme.description,
            "classes": self.classes,
            "protocol": self.protocol,
            "folds": len(self.splits),
            "clips": len(table),
            "subjects": len(set(table.groups)),
            "clips_per_class": dict(zip(self.classes, map(int, counts), strict=True)),
            "clips_per_database": self.keys["database"].value_counts().sort_index().to_dict(),
            "left_out": dict(self.labeled.left_out),
            "apex_sources": table.frame["apex_source"].value_counts().sort_index().to_dict(),
            "stamps": list(self.stamps),
            "digest": self.digest(),
        }


def make_entry(
    method_name: str,
    preset_name: str,
    seeds: Sequence[int],
    input_text: str | None = None,
    settings: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
) -> Entry:
    """State one method: its preset, the training settings and network options that replace the preset's, its input.

    The input is the user's recipe, else the preset's, else the method's, seen through the views that the method looks
    at. Methods that draw nothing at random run once. A classical method has neither settings nor a network, and both
    pass it by. Raises MerlabError naming the setting or option that is wrong, or the input that the method cannot take.
    """
    method = find_method(method_name)
    preset = method.preset_with(preset_name, network if network and method.network else {})
    recipe = parse_recipe(input_text or preset.input or method.input)
    method.check_layout(recipe.kind.layout)
    entry = Entry(
        method.name, preset_name, preset, recipe.seen_by(method.view), tuple(seeds) if method.seeded else (seeds[0],)
    )
    if preset.training is None:
        return entry
    try:
        training = type(preset.training).model_validate({**preset.training.model_dump(), **(settings or {})})
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"])) or "settings"
        raise MerlabError(f"training setting {field}: {fault['msg']}, got {fault['input']!r}") from error
    changed = preset.model_copy(update={"training": training})
    return replace(entry, preset=changed, epochs_of_preset=preset.training.epochs)


def plan_run(
    methods: Sequence[str],
    *,
    sources: Sequence[tuple[str, Path]],
    scheme: str,
    protocol: str,
    seeds: Sequence[int],
    folds: int = 5,
    train_on: Sequence[str] | None = None,
    input_text: str | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
    allow_unusable: bool = False,
) -> tuple[Plan, list[dict[str, Any]]]:
    """Load the databases named by ``sources`` (name, root), label and split them, and state every method.

    ``preset`` None means each method's own choice for these clips (see ``default_preset``). Returns the plan and the
    facts of each database for run.json. Raises MerlabError naming the option that is wrong.
    """
    tables = [load_clips(find_database(name), root, allow_unusable=allow_unusable) for name, root in sources]
    table = ClipTable.joined(tables)
    facts = [{"name": source.name, "root": str(source.root), "facts": dict(source.facts)} for source in table.sources]
    labeled = label_clips(table, find_scheme(scheme))
    splits = make_splits(protocol, labeled, folds=folds, train_on=train_on)
    entries = [
        make_entry(
            name, preset or default_preset(find_method(name), labeled.table), seeds, input_text, settings, network
        )
        for name in dict.fromkeys(methods)
    ]
    return Plan(labeled, protocol, tuple(splits), tuple(entries), table.stamps), facts


def default_preset(method: Method, table: ClipTable) -> str:
    """``flow28`` where clips are stored flow images and the method has it, else ``reduced``, else its first."""
    stored_flow = any(clip.holds_flow for clip in table)
    wanted = ["flow28", "reduced"] if stored_flow else ["reduced"]
    return next((name for name in wanted if name in method.presets), next(iter(method.presets)))

"""The networks of a pretraining: what determines them, and the folder where interrupted training is resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from merlab.claims import claimed_folder
from merlab.errors import MerlabError
from merlab.evaluation.unit import versions
from merlab.inputs import Recipe, mirror_of, parse_recipe
from merlab.inputs.recipe import CROPS
from merlab.methods import Preset, Task, find_method
from merlab.models.card import ModelCard, SyntheticSettings, TrainedOn
from merlab.models.labeled_examples import Examples, divided
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.synthetic_clips import synthetic_examples
from merlab.processes import each_in_processes
from merlab.progress import Progress
from merlab.schemes import SCHEMES, Scheme
from merlab.training import NeuralClassifier

SETTINGS = "pretraining.json"


@dataclass(frozen=True)
class Training:
    """What is trained, and how.

    Attributes:
        name: of the recognizer.
        method, preset: the network and its settings, by name.
        scheme: the classes.
        recipe: of the input; None uses the preset's own.
        seed: divides the subjects, generates the faces, and is the seed of the network that is kept.
        seeds: how many networks are trained, with seeds ``seed``, ``seed`` + 1, ..., for a score with its spread.

    Raises MerlabError for a method that is not a network, and for a preset or a recipe that does not exist.

    """

    name: str
    method: str
    preset: str
    scheme: Scheme
    recipe: str | None
    seed: int
    seeds: int

    def __post_init__(self) -> None:
        if find_method(self.method).network is None:
            raise MerlabError(f"{self.method} is not a network; choose one, such as dbfem-caffm")
        recipe = self.full_recipe()
        if recipe.samples > 1 or recipe.crop != CROPS[0]:
            raise MerlabError(
                f"a recognizer reads one image of each movement, in the crop of the clip; {recipe} gives "
                f"{recipe.samples} sample(s), crop={recipe.crop}; pass an input such as flow:scale=centered"
            )

    def settings(self) -> Preset:
        """The preset."""
        return find_method(self.method).preset(self.preset)

    def full_recipe(self) -> Recipe:
        """The recipe of the input with all its options."""
        method = find_method(self.method)
        return parse_recipe(self.recipe or self.settings().input or method.input).seen_by(method.view)

    def stated(self) -> dict[str, object]:
        """Everything that determines the networks except the clips, as JSON keeps it."""
        own_labels = {} if _is_merlabs(self.scheme) else {"labels": dict(self.scheme.emotions)}
        course = {**vars(self), "scheme": self.scheme.name, **own_labels}
        return {"course": course, "settings": self.settings().model_dump(mode="json")}


def synthetic_settings(training: Training, subjects: int, clips: int) -> SyntheticSettings:
    """The settings of synthetic clips for a training; raises MerlabError for a scheme that is not merlab's."""
    if not _is_merlabs(training.scheme) or not training.scheme.classes:
        raise MerlabError(
            f"synthetic faces have no labels of scheme {training.scheme.name}; choose megc2019 or casme2-5, or train "
            "on clips of your own"
        )
    recipe = str(training.full_recipe())
    return SyntheticSettings(
        scheme=training.scheme.name, recipe=recipe, subjects=subjects, clips=clips, seed=training.seed
    )


@dataclass(frozen=True, eq=False)
class TrainingWork:
    """The training in its work folder, where finished faces and networks are read again after an interruption.

    ``source`` is the examples of your own clips, or the settings of synthetic ones.
    """

    training: Training
    folder: Path
    source: Examples | SyntheticSettings
    jobs: int | None
    progress: Progress

    @contextmanager
    def claimed(self, elsewhere: Mapping[str, Examples], again: bool, is_complete: bool) -> Iterator[TrainingWork]:
        """Reserve the folder after all checks have passed; yields the work in the folder to write into.

        ``is_complete`` states whether the work was finished before; ``again`` then replaces it.
        """
        if isinstance(self.source, Examples):
            train, calibration, _ = divided(self.source, self.training.seed)
            _require_unseen(elsewhere, {*train.groups, *calibration.groups})
        with claimed_folder(
            self.folder, SETTINGS, self._stated(), "pretraining", again=again, is_complete=lambda folder: is_complete
        ) as folder:
            yield replace(self, folder=folder)

    def _stated(self) -> dict[str, object]:
        if isinstance(self.source, SyntheticSettings):
            clips = self.source.model_dump(mode="json")
        else:
            clips = {"clips": len(self.source.labels), "sha256": self.source.sha256}
        return {**self.training.stated(), "clips": clips, "versions": versions()}

    def examples(self) -> tuple[Examples, Examples, Examples]:
        """Examples for training, calibration and scoring."""
        source = self.source
        if isinstance(source, SyntheticSettings):
            source = synthetic_examples(source, self.folder, self.jobs, self.progress)
        return divided(source, self.training.seed)

    def trained(self, train: Examples) -> list[Recognizer]:
        """The network of each seed, read from the folder or trained, ``jobs`` at a time, and written there."""
        first, number = self.training.seed, self.training.seeds
        files = {seed: self.folder / f"seed-{seed}.safetensors" for seed in range(first, first + number)}
        waiting = [seed for seed, file in files.items() if not file.exists()]
        done = number - len(waiting)
        self.progress(done, number, "training")
        finished = each_in_processes(partial(_train, self.training, train, files), waiting, self.jobs)
        for count, seed in enumerate(finished, start=done + 1):
            self.progress(count, number, f"trained seed {seed}")
        # Read from the file in either case: sums over another memory layout differ in the last digit.
        return [load_recognizer(file) for file in files.values()]

    def trained_on(self, train: Examples) -> TrainedOn:
        """The training clips as the card states them."""
        return TrainedOn(
            databases=tuple(sorted(set(train.keys["database"]))),
            clips=len(train.labels),
            subjects=len(set(train.groups)),
            synthetic=self.source if isinstance(self.source, SyntheticSettings) else None,
        )


def _require_unseen(elsewhere: Mapping[str, Examples], seen: set[str]) -> None:
    for title, held in elsewhere.items():
        known = sorted(seen.intersection(held.groups))
        if known:
            raise MerlabError(
                f"{len(known)} subjects of {title} were trained on, such as {known[0]}, so a score on them would be "
                "too high; leave --score-on out, as held-out subjects are scored without it"
            )


def _train(training: Training, train: Examples, files: Mapping[int, Path], seed: int) -> int:
    """Train the network of one seed and write its file; returns the seed."""
    preset, recipe, scheme = training.settings(), training.full_recipe(), training.scheme
    task = Task.of(len(scheme.classes), recipe)
    classifier = find_method(training.method).build(task, preset, mirror_of(recipe))
    assert isinstance(classifier, NeuralClassifier)
    classifier.fit(train.inputs, train.labels, train.groups, seed)
    card = ModelCard(
        name=training.name,
        method=training.method,
        preset=training.preset,
        network=dict(preset.network),
        recipe=str(recipe),
        scheme=scheme.name,
        classes=scheme.classes,
        seed=seed,
        training=classifier.settings,
    )
    Recognizer(card, classifier.module.cpu()).save(files[seed])
    return seed


def _is_merlabs(scheme: Scheme) -> bool:
    return SCHEMES.get(scheme.name) is scheme

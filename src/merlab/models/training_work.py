"""The networks of a pretraining, and the folder where interrupted training is resumed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from merlab.errors import MerlabError, naming_mistakes
from merlab.evaluation.random_state import global_random_state
from merlab.evaluation.same_people import with_people_of
from merlab.evaluation.seen_inputs import input_digests, require_unseen_inputs
from merlab.evaluation.start import Start
from merlab.evaluation.synthetic_flow import SyntheticFlow
from merlab.evaluation.versions import versions
from merlab.inputs import mirror_of
from merlab.methods import Task, is_own
from merlab.models.card import SYNTHETIC_FACES, FlowSource, ModelCard, TrainedOn
from merlab.models.crops import corrected
from merlab.models.labeled_examples import Examples, divided
from merlab.models.members import joined_members
from merlab.models.network_clips import NetworkClips, examples_of_flow
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.training import Training
from merlab.outputs.claims import claimed_folder
from merlab.processes.pool import each_in_processes
from merlab.progress import Progress
from merlab.spelling import counted
from merlab.synthesis.flow_clips import read_flow
from merlab.synthesis.flow_writing import make_flow
from merlab.synthesis.folder import WRITTEN as SYNTHETIC_FILES
from merlab.training import NeuralClassifier

SETTINGS, FLOW = "pretraining.json", "flow"
# Every file of the work, by its path in the folder.
WRITTEN = re.compile(rf"seed-\d+\.safetensors|{FLOW}/({SYNTHETIC_FILES.pattern})")


@dataclass(frozen=True)
class FlowToMake:
    """Synthetic flow that is made in the work folder, as ``make_flow`` makes it."""

    subjects: int
    clips: int
    seed: int


@dataclass(frozen=True, eq=False)
class TrainingWork:
    """The training in its work folder, where finished flow and networks are read again after an interruption.

    Attributes:
        training: the settings.
        folder: the work folder.
        own: the clips of databases to train on; None trains on the synthetic flow.
        flow: synthetic flow; None if it is not used.
        starts: networks whose weights training starts from.

    """

    training: Training
    folder: Path
    own: Examples | None
    flow: SyntheticFlow | FlowToMake | None
    starts: tuple[Start, ...]
    jobs: int | None
    progress: Progress

    @contextmanager
    def claimed(self, elsewhere: Mapping[str, Examples], again: bool, is_complete: bool) -> Iterator[TrainingWork]:
        """Reserve the folder after all checks have passed; yields the work in the folder, with its flow.

        ``is_complete`` states whether the work was finished before; ``again`` then replaces it.
        """
        self._require_unseen(elsewhere)
        with claimed_folder(
            self.folder,
            SETTINGS,
            self._stated(),
            "pretraining",
            again=again,
            is_complete=lambda folder: is_complete,
            writes=WRITTEN.fullmatch,
        ) as folder:
            yield replace(self, folder=folder, flow=self._flow_in(folder))

    def _require_unseen(self, elsewhere: Mapping[str, Examples]) -> None:
        """Raises MerlabError for clips to score on that this training, or one of its starts, uses."""
        scored, own_inputs = dict(elsewhere), self._own_inputs()
        if self.own is not None:
            train, calibration, scoring = divided(self.own, self.training.seed)
            _require_unseen_subjects(elsewhere, {*train.people, *calibration.people})
            scored["the held-out subjects"] = scoring
        for title, held in elsewhere.items():
            if self.flow is not None:
                _require_other_faces(title, held)
            require_unseen_inputs(self.training.name, own_inputs, held.inputs, held.keys, title)
        for start in self.starts:
            _require_unseen_databases(start, elsewhere)
            for title, held in scored.items():
                require_unseen_inputs(start.name, start.inputs, held.inputs, held.keys, title)

    def _stated(self) -> dict[str, object]:
        clips: dict[str, object] = {}
        if self.own is not None:
            clips |= {"clips": len(self.own.labels), "sha256": self.own.sha256}
        if isinstance(self.flow, SyntheticFlow):
            clips["synthetic flow"] = self.flow.digest
        elif self.flow is not None:
            clips |= vars(self.flow)
        if self.starts:
            clips["starts"] = [start.digest for start in self.starts]
        return {**self.training.stated(), "clips": clips, "versions": versions()}

    def _flow_in(self, folder: Path) -> SyntheticFlow | None:
        """The synthetic flow, made in this folder unless it was given."""
        plan = self.flow
        if not isinstance(plan, FlowToMake):
            return plan
        made = make_flow(
            folder / FLOW,
            subjects=plan.subjects,
            clips=plan.clips,
            seed=plan.seed,
            jobs=self.jobs,
            progress=self.progress,
        )
        return SyntheticFlow.of(made, read_flow(made))

    @property
    def _made_flow(self) -> SyntheticFlow | None:
        assert not isinstance(self.flow, FlowToMake), "the work was not claimed"
        return self.flow

    def examples(self) -> tuple[Examples, Examples, Examples]:
        """Examples for training, calibration and scoring; crops are corrected as the training clips require."""
        flow = self._made_flow
        if self.own is None:
            assert flow is not None
            return divided(examples_of_flow(flow, self.training), self.training.seed)
        recipe = self.training.full_recipe()
        train, calibration, scoring = divided(self.own, self.training.seed)
        return (
            corrected(train, recipe),
            corrected(calibration, recipe, fitted_on=train),
            corrected(scoring, recipe, fitted_on=train),
        )

    def training_inputs(self) -> tuple[str, ...]:
        """The digests of the inputs of databases that training, its starts and the temperature use."""
        return tuple(sorted(self._own_inputs().union(*(start.inputs for start in self.starts))))

    def _own_inputs(self) -> set[str]:
        """The digests of the inputs of databases for training and calibration, before crops are corrected."""
        if self.own is None:
            return set()
        train, calibration, _ = divided(self.own, self.training.seed)
        return {*input_digests(train.inputs), *input_digests(calibration.inputs)} - {""}

    def trained(self, train: Examples) -> list[Recognizer]:
        """The recognizer of each seed; its networks are read from the folder or trained, ``jobs`` at a time."""
        training = self.training
        seeds = range(training.seed, training.seed + training.seeds)
        numbers = [number for seed in seeds for number in training.numbers_of(seed)]
        files = {number: self.folder / f"seed-{number}.safetensors" for number in numbers}
        waiting = [number for number, file in files.items() if not file.exists()]
        done = len(files) - len(waiting)
        self.progress(done, len(files), "training")
        clips = NetworkClips(train, self._made_flow, self.own is not None, self.starts)
        finished = each_in_processes(partial(_train, training, clips, files), waiting, self.jobs)
        for count, number in enumerate(finished, start=done + 1):
            self.progress(count, len(files), f"trained seed {number}")
        # Read from the file in either case: sums over another memory layout differ in the last digit.
        return [
            joined_members(
                [load_recognizer(files[number]) for number in training.numbers_of(seed)], training.kept_network(), seed
            )
            for seed in seeds
        ]

    def trained_on(self, train: Examples, calibration: Examples) -> TrainedOn:
        """The training clips as the card states them, with the databases of the temperature and of the starts."""
        flow = self._made_flow
        own = {*train.keys["database"], *calibration.keys["database"]}
        databases = own.union(*(start.databases for start in self.starts))
        return TrainedOn(
            databases=tuple(sorted(databases)),
            clips=len(train.labels),
            subjects=len(set(train.groups)),
            flow=None if flow is None else FlowSource(digest=flow.digest, clips=flow.clips, subjects=flow.subjects),
            starts=tuple(dict.fromkeys(start.sha256 for start in self.starts)),
            synthetic_start=any(start.synthetic for start in self.starts),
        )


def _require_other_faces(title: str, held: Examples) -> None:
    """Raises MerlabError for a score on synthetic faces beside synthetic flow: of one seed they are the same people."""
    if with_people_of(held.keys["database"], [SYNTHETIC_FACES]):
        raise MerlabError(
            f"training uses synthetic flow, which may show the same people as the synthetic faces of {title}, so a "
            "score there would be too high; leave --score-on out for it"
        )


def _require_unseen_databases(start: Start, elsewhere: Mapping[str, Examples]) -> None:
    """Raises MerlabError for a score on a database that a start was trained on.

    Digests of inputs do not tell where the start has flow of another algorithm, or its file is of an earlier version.
    """
    for title, held in elsewhere.items():
        seen = [*start.databases, *([SYNTHETIC_FACES] if start.synthetic else [])]
        known = with_people_of(seen, held.keys["database"])
        if known:
            raise MerlabError(
                f"{start.name} was trained on {', '.join(known)}, so a score on {title} would be too high; leave "
                "--score-on out for it, or use another start"
            )


def _require_unseen_subjects(elsewhere: Mapping[str, Examples], seen: Collection[tuple[str, str]]) -> None:
    for title, held in elsewhere.items():
        known = sorted({group for group, who in zip(held.groups, held.people, strict=True) if who in seen})
        if known:
            raise MerlabError(
                f"training uses {counted(len(known), 'subject')} of {title}, such as {known[0]}, so a score there "
                "would be too high; leave --score-on out, as held-out subjects are scored without it"
            )


def _train(training: Training, clips: NetworkClips, files: Mapping[int, Path], number: int) -> int:
    """Train the network of one seed and write its file; returns the seed."""
    preset, recipe, scheme = training.settings(), training.full_recipe(), training.scheme
    method, own = training.of_method, is_own(training.of_method)
    with (
        naming_mistakes(f"method {method.name}: fit", own),
        global_random_state(number, training.name, f"method {method.name}") if own else nullcontext(),
    ):
        task = Task.of(len(scheme.classes), recipe)
        classifier = method.build(task, preset, mirror_of(recipe), clips.material(training))
        assert isinstance(classifier, NeuralClassifier)
        clips.fit(classifier, training, number)
    card = ModelCard(
        name=training.name,
        method=training.method,
        preset=training.preset,
        network=dict(preset.network),
        recipe=str(recipe),
        scheme=scheme.name,
        classes=scheme.classes,
        seed=number,
        training=classifier.settings,
    )
    card = card.model_copy(update={"code": card.code_now()})
    Recognizer(card, classifier.module.cpu()).save(files[number])
    return number

"""Train a recognizer that is kept: one network, calibrated and scored on unseen subjects, in one file.

The subjects are divided once: for training, for the temperature, and for the score. Other databases can be scored as
well; nothing is ever fitted or chosen on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.clips import ClipTable
from merlab.clips.whole_heads import whole_head_stamps
from merlab.errors import MerlabError
from merlab.evaluation.study import Clips, SchemeGiven, as_table, warn_of_regions
from merlab.evaluation.synthetic_flow import SyntheticFlow
from merlab.evaluation.versions import versions
from merlab.frames import Float32Array
from merlab.given import as_jobs, as_path, as_settings, as_whole, require_yes_or_no
from merlab.inputs import Recipe, as_recipe, is_known, require_possible
from merlab.models.calibrated import calibrated
from merlab.models.card import CardScore
from merlab.models.card_words import card_words
from merlab.models.crops import ON_SCORED, ON_TRAINING, corrected, is_corrected
from merlab.models.held_out_scores import held_out_scores
from merlab.models.labeled_examples import LEAST_SUBJECTS, Examples, examples_of, with_division_faults
from merlab.models.network_clips import check_flow, flow_to_come
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.starts import load_starts
from merlab.models.training import Training, default_preset, fitting_starts, require_material
from merlab.models.training_work import SETTINGS, FlowToMake, TrainingWork
from merlab.progress import Progress, shown_progress
from merlab.protocols import label_clips
from merlab.schemes import as_scheme
from merlab.stamps import SYNTHETIC, SYNTHETIC_TRAINING
from merlab.synthesis.flow_clips import read_flow

SUFFIX = ".safetensors"
# Of the synthetic flow that is made.
SUBJECTS, CLIPS = 152, 20
HELD_OUT = "held-out subjects"
# Labels of synthetic clips have no errors, those of annotators do. Two coders agree on .846 of the action units of
# CASME II (Yan et al., PLoS ONE 2014), and on .82 of those of SAMM (Davison et al., IEEE Trans. Affective Computing
# 2018). If both err independently, each is right on the square root of the mean, .91. It was not fitted on any clip.
LABEL_ERRORS = round(1 - ((0.846 + 0.82) / 2) ** 0.5, 3)


def pretrain(
    out: Path | str,
    clips: Clips | None = None,
    *,
    synthetic: Path | str | None = None,
    start: Path | str | Sequence[Path | str] | None = None,
    score_on: Mapping[str, ClipTable] | None = None,
    method: str = "flow-cnn",
    preset: str | None = None,
    scheme: SchemeGiven = "megc2019",
    input: str | Recipe | None = None,  # noqa: A002 - the public name of the option
    members: int = 1,
    subjects: int | None = None,
    clips_per_subject: int | None = None,
    seed: int = 0,
    seeds: int = 5,
    cache: Path | str | None = None,
    again: bool = False,
    jobs: int | None = None,
    command: str = "",
    progress: Progress | bool = True,
) -> Recognizer:
    """Train a recognizer, calibrate and score it on unseen subjects, and write it to one file.

    Intermediate files are kept beside it, in ``mine-work`` for ``mine.safetensors``, so that interrupted training is
    resumed. The same settings, versions and machine give the same file.

    Args:
        out: the file to write, such as ``mine.safetensors``; its stem is the name of the recognizer.
        clips: clips to train on (``merlab.load``); unless given, it is trained on synthetic flow alone.
        synthetic: a folder of ``merlab make-flow``. With ``clips``, its clips are mixed into the batches of a preset
            that states it. Without, it is what the recognizer is trained on; unless given, it is made first.
        start: a file of weights that training starts from, or several: number s modulo their count for the seed s. It
            is a file of this function, or the weights of a published network (see ``merlab.evaluate``).
        score_on: more clips to score on, by title; nothing is fitted on their labels.
        method: a network that ``merlab.methods()`` lists.
        preset: its settings; None: ``synthetic``, with ``clips`` and a start ``pretrained``, where the method has it,
            otherwise the method's default.
        scheme: how labels become classes: a name that ``merlab.schemes()`` lists, or for ``clips`` also a YAML file or
            a mapping from label to class.
        input: the recipe of the input; unless given, the preset's own. With crop=corrected, crops of databases are
            corrected without labels (``merlab.inputs.crop_correction``); synthetic flow and videos need no correction.
        members: how many networks the recognizer averages, each with its own seed.
        subjects: how many synthetic identities are made where neither ``clips`` nor ``synthetic`` is given; None: 152.
        clips_per_subject: how many clips of each; None: 20.
        seed: divides the subjects, makes the synthetic flow, and is the seed of the recognizer that is kept.
        seeds: how many recognizers are trained, for a score with its spread; the first is kept.
        cache: the folder for inputs; None: the user's cache.
        again: replace the file and its intermediate files, when the new ones are complete.
        jobs: worker processes; None: one per core. The results do not depend on it.
        command: the command that the card states.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The recognizer, as ``load_recognizer(out)`` gives it.

    Raises:
        MerlabError: for too few subjects, clips that the recipe or the scheme does not cover, clips to score on whose
            subjects were trained on, a preset without the synthetic flow or the start that it needs, and if ``out`` is
            a file that was not written with these settings, or is written by another process.

    """
    require_yes_or_no(again=again)
    elsewhere_given = as_settings(score_on, "score_on", '{"smic": merlab.load("smic", ROOT)}')
    as_jobs(jobs)
    folder = None if cache is None else as_path(cache, "cache")
    path, own = _weights_path(out), None if clips is None else as_table(clips)
    seed, seeds, members = (
        as_whole(value, name, least)
        for name, value, least in (("seed", seed, 0), ("seeds", seeds, 1), ("members", members, 1))
    )
    to_make = _flow_to_make(subjects, clips_per_subject, seed, own is None and synthetic is None)
    given = load_starts(start)
    training = Training(
        name=path.stem,
        method=method,
        preset=default_preset(method, own, bool(given)) if preset is None else preset,
        scheme=as_scheme(scheme) if own is None else as_scheme(scheme).of(own),
        recipe=None if input is None else _recipe_text(input),
        seed=seed,
        seeds=seeds,
        members=members,
    )
    warn_of_regions(None if input is None else as_recipe(input), [training.of_method], stacklevel=3)
    starts = fitting_starts(training, given)
    flow = _flow_of(training, synthetic, to_make)
    require_material(training, own, flow, starts)
    _require_replaceable(path, again)
    own = None if own is None else _marked(own, training)
    scored_on = {title: as_table(table) for title, table in elsewhere_given.items()}
    for table in (own, *scored_on.values()):
        if table is not None:
            require_possible(table, training.full_recipe(), folder)
    with shown_progress(progress) as show:
        load = partial(
            examples_of,
            scheme=training.scheme,
            recipe=training.full_recipe(),
            cache=folder,
            jobs=jobs,
            progress=show,
        )
        elsewhere = {title: load(table) for title, table in scored_on.items()}
        examples = None if own is None else load(own)
        own = None if own is None or examples is None else _marked(own, training, examples.inputs)
        planned = TrainingWork(training, work_folder(path), examples, flow, starts, jobs, show)
        with planned.claimed(elsewhere, again, path.exists()) as work:
            of_synthetic = flow is not None or any(start.synthetic for start in starts)
            stated = {"stamps": _stamps(training, own, scored_on.values(), of_synthetic), "command": command}
            return _made(work, elsewhere, stated).save(path)


def _made(work: TrainingWork, elsewhere: Mapping[str, Examples], stated: Mapping[str, object]) -> Recognizer:
    """The trained recognizer, calibrated and scored; ``stated`` is what its card says beside its training."""
    own, synthetic = work.own is not None, work.own is None and not any(each.databases for each in work.starts)
    train, calibration, scoring = work.examples()
    networks = work.trained(train)
    kept = calibrated(networks[0], calibration, 0.0 if own else LABEL_ERRORS)
    facts = {
        "trained_on": work.trained_on(train, calibration),
        "training_inputs": work.training_inputs(),
        "scores": _scores(networks, kept, train, own, scoring, elsewhere),
        **card_words(work.training, synthetic),
        "versions": versions(),
        **stated,
    }
    return replace(kept, card=kept.card.model_copy(update=facts))


def _marked(own: ClipTable, training: Training, inputs: Float32Array | None = None) -> ClipTable:
    """The clips that the scheme covers, stamped for people, frames or inputs that are trained on and scored on."""
    return with_division_faults(label_clips(own, training.scheme), training.seed, inputs).table


def _recipe_text(given: str | Recipe) -> str:
    """The recipe as a card states it; raises MerlabError for an input that this text would not find again."""
    recipe = as_recipe(given)
    if not is_known(recipe.kind):
        raise MerlabError(
            f"a recognizer finds its input by the name, but {recipe.kind.name} is a kind of input of your own; use one "
            "of merlab, or add yours by an installed package (entry point merlab.inputs)"
        )
    return str(recipe)


def _weights_path(out: object) -> Path:
    path = as_path(out, "out")
    if path.suffix != SUFFIX:
        raise MerlabError(f"{path}: the name of a file of weights ends in {SUFFIX}")
    return path


def _flow_to_make(subjects: int | None, clips: int | None, seed: int, is_made: bool) -> FlowToMake | None:
    """The flow to make where none is given; raises MerlabError for numbers that would change nothing."""
    if not is_made:
        for name, value in (("subjects", subjects), ("clips per subject", clips)):
            if value is not None:
                raise MerlabError(
                    f"{name} ({value}) describes SYNTHETIC flow that is made, but the clips are given (--synthetic or "
                    "--database); leave one of them out"
                )
        return None
    return FlowToMake(
        as_whole(SUBJECTS if subjects is None else subjects, "subjects", LEAST_SUBJECTS),
        as_whole(CLIPS if clips is None else clips, "clips per subject", 1),
        seed,
    )


def _flow_of(
    training: Training, synthetic: Path | str | None, to_make: FlowToMake | None
) -> SyntheticFlow | FlowToMake | None:
    """The synthetic flow of a training; raises MerlabError if it does not fit the classes or the input."""
    if synthetic is None:
        if to_make is not None:
            check_flow(flow_to_come(), training)
        return to_make
    folder = as_path(synthetic, "synthetic")
    clips = read_flow(folder)
    check_flow(clips, training)
    return SyntheticFlow.of(folder, clips)


def _scores(
    networks: Sequence[Recognizer],
    kept: Recognizer,
    train: Examples,
    of_databases: bool,
    scoring: Examples,
    elsewhere: Mapping[str, Examples],
) -> tuple[CardScore, ...]:
    """The scores on held-out subjects and on other databases, with the baselines; corrected crops are stated."""
    recipe = kept.recipe
    crop = ON_TRAINING if of_databases and is_corrected(recipe) else None
    scores = held_out_scores(HELD_OUT, networks, kept, train, scoring, crop)
    crop = ON_SCORED if is_corrected(recipe) else None
    for title, held in elsewhere.items():
        scores += held_out_scores(title, networks, kept, train, corrected(held, recipe), crop)
    return tuple(scores)


def _require_replaceable(path: Path, again: bool) -> None:
    """Raises MerlabError for a file that this command did not write."""
    if not path.exists() or (work_folder(path) / SETTINGS).exists():
        return
    if not again:
        raise MerlabError(f"{path} exists; choose another name, or add --again to replace it")
    load_recognizer(path)


def _stamps(
    training: Training, own: ClipTable | None, scored_on: Iterable[ClipTable], synthetic: bool
) -> tuple[str, ...]:
    """The stamps of the card; ``synthetic``: synthetic flow or a start may show people of synthetic faces."""
    reduced = ("REDUCED",) if training.settings().reduced else ()
    scored = (f"{stamp}, scored on" for table in scored_on for stamp in whole_head_stamps(table))
    shared = (SYNTHETIC_TRAINING,) if synthetic and own is not None and SYNTHETIC in own.stamps else ()
    return (*((SYNTHETIC,) if own is None else own.stamps), *scored, *shared, *reduced)


def work_folder(out: Path) -> Path:
    """The folder for the faces and networks of a file that is being trained."""
    return out.with_name(f"{out.stem}-work")

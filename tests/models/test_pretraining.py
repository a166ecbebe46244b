"""A recognizer that is kept: unseen subjects, the same file for the same settings, baselines with every score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from merlab.clips import ClipTable
from merlab.databases import load
from merlab.errors import MerlabError
from merlab.frames import read_image
from merlab.inputs import INPUTS, mirror_of, parse_recipe
from merlab.methods import Task
from merlab.methods.flow_cnn import FlowCnn
from merlab.models import pretraining
from merlab.models.calibrated import calibrated
from merlab.models.calibration import probabilities
from merlab.models.card import SyntheticSettings
from merlab.models.labeled_examples import Examples, division
from merlab.models.pretraining import pretrain
from merlab.models.recognizer import load_recognizer
from merlab.models.scoring import score_on
from merlab.models.shipped import SHIPPED
from merlab.models.synthetic_clips import synthetic_examples
from merlab.models.training import Training
from merlab.models.training_work import FlowToMake
from merlab.progress import silent
from merlab.schemes import find_scheme
from merlab.synthesis import make_flow, read_flow
from tests.helpers import write_flow_tree
from tests.training_material import starts_in, write_start
from tests.videos.recognizers import small_recognizer

SMALL: dict[str, Any] = {
    "method": "ststnet",
    "preset": "reduced",
    "seeds": 2,
    "jobs": 1,
    "progress": False,
}


@pytest.fixture(scope="module", autouse=True)
def quick_training():
    """Two epochs instead of the preset's number."""
    whole = Training.settings

    def settings(training):
        preset = whole(training)
        assert preset.training is not None
        return preset.model_copy(update={"training": preset.training.model_copy(update={"epochs": 2})})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Training, "settings", settings)
        yield


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """Synthetic flow of 9 subjects, 3 clips of each."""
    return make_flow(tmp_path_factory.mktemp("synthetic") / "flow-clips", subjects=9, clips=3, jobs=1)


@pytest.fixture(scope="module")
def trained(flow, tmp_path_factory):
    out = tmp_path_factory.mktemp("pretrained") / "tiny.safetensors"
    return pretrain(out, synthetic=flow, **SMALL), out


@pytest.fixture(scope="module")
def start(flow, tmp_path_factory):
    """A flow-cnn that averages two networks, trained on synthetic flow."""
    out = tmp_path_factory.mktemp("start") / "start.safetensors"
    return pretrain(out, synthetic=flow, **SMALL | CNN | {"members": 2, "seeds": 1}), out


CNN: dict[str, Any] = {"method": "flow-cnn", "preset": None}
# The classes of MEGC2019 in another order.
ORDERED = {"happiness": "positive", "disgust": "negative", "repression": "negative"} | {
    label: label for label in ("positive", "negative", "surprise")
}


@pytest.fixture(scope="module")
def without_flow(tmp_path_factory):
    """Trained on flow of the first six subjects of ``flow``, which it makes itself."""
    out = tmp_path_factory.mktemp("without") / "tiny.safetensors"
    return pretrain(out, subjects=6, clips_per_subject=3, **SMALL | {"seeds": 1}), out


# Before the other tests: a process keeps the painted faces of eight subjects, and ``flow`` has one more.
@pytest.mark.slow
def test_synthetic_flow_that_is_not_given_is_made_first_and_kept(without_flow, flow):
    made, out = without_flow
    assert made.card.trained_on.flow is not None
    first = read_flow(out.with_name("tiny-work") / "flow")
    assert first.digest == made.card.trained_on.flow.digest
    # The faces of a seed do not depend on how many are made.
    assert (first.planes == read_flow(flow).planes[: len(first)]).all()


@pytest.mark.slow
def test_the_file_is_read_again_as_it_was_written(trained):
    recognizer, out = trained
    read = load_recognizer(out)
    assert read.card == recognizer.card
    assert read.digest == recognizer.digest
    # Of several seeds, the first is kept.
    first = load_recognizer(out.with_name("tiny-work") / "seed-0.safetensors").module.state_dict()
    assert all(torch.equal(value, first[name]) for name, value in read.module.state_dict().items())
    assert read.card.seed == 0


@pytest.mark.slow
def test_every_score_has_its_baselines_seeds_and_interval(trained):
    scores = trained[0].card.scores
    assert [score.method for score in scores] == ["constant", "random", "linear-svm", "ststnet"]
    assert {score.what for score in scores} == {"held-out subjects"}
    assert scores[-1].seeds == 2
    assert 0 <= scores[-1].calibration_error <= 1
    assert 1 / 3 <= scores[-1].confidence <= 1
    assert all(len(score.uf1.interval) == 2 for score in scores)


@pytest.mark.slow
def test_the_card_states_the_training_clips_and_is_stamped(trained, flow):
    card = trained[0].card
    assert card.stamps == ("SYNTHETIC", "REDUCED")
    assert card.trained_on.subjects + card.calibration.subjects + card.scores[0].subjects == 9
    assert card.trained_on.flow.digest == read_flow(flow).digest
    assert (card.trained_on.flow.subjects, card.trained_on.flow.clips) == (9, 27)
    assert card.calibration.after.negative_log_likelihood <= card.calibration.before.negative_log_likelihood
    assert card.calibration.label_errors == pretraining.LABEL_ERRORS
    assert "synthetic faces only" in card.limits


@pytest.mark.slow
def test_interrupted_training_is_resumed_and_gives_the_same_file(trained, flow, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    out = tmp_path / "tiny.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "calibrated", stopped)
        with pytest.raises(KeyboardInterrupt):
            pretrain(out, synthetic=flow, **SMALL)
    assert not out.exists()
    assert pretrain(out, synthetic=flow, **SMALL).digest == trained[0].digest


@pytest.mark.slow
def test_a_recognizer_of_several_networks_averages_networks_of_different_seeds_and_mirror_images(start):
    recognizer, out = start
    assert dict(recognizer.card.network) == {"members": 2, "mirrored": True}
    inputs = np.random.default_rng(0).standard_normal((5, 3, 28, 28)).astype(np.float32)
    mirror = mirror_of(recognizer.recipe)
    assert mirror is not None
    members = [load_recognizer(out.with_name("start-work") / f"seed-{number}.safetensors") for number in (0, 1)]
    views = (inputs, mirror(torch.from_numpy(inputs)).numpy())
    each = [probabilities(member.logits(view)) for member in members for view in views]
    assert np.allclose(probabilities(load_recognizer(out).logits(inputs)), np.mean(each, axis=0), atol=1e-6)
    assert not np.allclose(each[0], each[2], atol=1e-3)


@pytest.mark.slow
def test_each_network_of_a_recognizer_is_a_start(start):
    first, second = starts_in(start[1])
    assert first.method == second.method == "flow-cnn"
    assert first.name == second.name == "start.safetensors"
    assert first.digest != second.digest
    assert first.databases == ()
    assert first.tensors.keys() == FlowCnn(Task(3, 3, 28, 28)).state_dict().keys()


@pytest.mark.slow
def test_clips_of_a_database_are_trained_on_from_a_start_with_synthetic_flow_beside_them(start, flow, tmp_path):
    own = released(tmp_path / "flow")
    options = SMALL | CNN | {"input": "flow:channels=uvs,scale=centered,crop=corrected", "members": 2, "seeds": 1}
    made = pretrain(tmp_path / "mine.safetensors", own, synthetic=flow, start=start[1], **options)
    card = made.card
    assert card.preset == "pretrained"
    assert card.trained_on.databases == ("casme2", "smic")
    assert card.trained_on.flow is not None
    assert card.trained_on.starts == (start[0].digest,)
    assert card.scores[0].crop == "fitted on the training clips, without labels"
    # The errors of annotators are in these labels already.
    assert card.calibration is not None
    assert card.calibration.label_errors == 0
    assert "SYNTHETIC" not in card.stamps
    with pytest.raises(MerlabError, match="mine was trained on casme2, smic"):
        score_on(own, made, progress=False)


@pytest.mark.slow
def test_held_out_synthetic_faces_are_marked_where_a_start_may_have_seen_them(start, tmp_path):
    own = replace(released(tmp_path / "flow"), stamps=("SYNTHETIC",))
    options = SMALL | CNN | {"preset": "paper", "seeds": 1, "start": start[1]}
    card = pretrain(tmp_path / "mine.safetensors", own, **options).card
    assert card.trained_on.synthetic_start
    assert "SYNTHETIC TRAINING: it may have the subjects of the test" in card.stamps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "pretrained", "synthetic": None}, "mixes synthetic clips into batches .* add --synthetic"),
        ({"preset": "pretrained", "start": None}, "starts from trained weights; add --from start.safetensors"),
        ({"preset": "paper"}, "does not mix synthetic clips into its batches; .* leave --synthetic out"),
        ({"input": "flow:channels=uvs,scale=minmax"}, "channels, scale, size and view must be the same"),
        ({"method": "ststnet", "preset": "reduced", "synthetic": None}, "holds weights of flow-cnn, not of ststnet"),
        ({"scheme": ORDERED}, "has the classes negative, positive, surprise, but this run has positive, negative"),
    ],
)
def test_synthetic_flow_and_starts_that_do_not_fit_are_refused(start, flow, tmp_path, options, message):
    own = released(tmp_path / "flow")
    given = SMALL | CNN | {"synthetic": flow, "start": start[1]} | options
    with pytest.raises(MerlabError, match=message):
        pretrain(tmp_path / "mine.safetensors", own, **given)
    assert [path.name for path in tmp_path.iterdir()] == ["flow"]


@pytest.mark.slow
def test_other_settings_are_refused_for_the_same_file(trained, flow):
    with pytest.raises(MerlabError, match="holds pretraining of other settings: --seed 0 -> 1"):
        pretrain(trained[1], synthetic=flow, **SMALL | {"seed": 1})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "linear-svm"}, "not a network"),
        ({"preset": "gone"}, "no preset"),
        ({"scheme": "gone"}, "scheme"),
        ({"scheme": "as-labeled"}, "as-labeled does not map to a class"),
        ({"scheme": {"happiness": "a", "disgust": "b"}}, "does not map to a class"),
        ({"input": "flow:colors=9"}, "colors"),
        ({"input": replace(INPUTS["flow"], name="mine")}, "mine is a kind of input of your own; use one of merlab"),
        ({"input": "difference"}, "synthetic flow gives only the inputs flow and released-flow"),
        ({"input": "released-flow"}, "gives 2 samples; pass an input such as flow:scale=centered"),
        ({"members": 2}, "the network of ststnet has no option 'members'"),
        ({"members": 0}, "members must be a whole number from 1 up"),
        ({"members": 17, "method": "flow-cnn", "preset": None}, "the range is 1 to 16"),
        ({"synthetic": "gone"}, "does not hold complete SYNTHETIC flow"),
        ({"start": "gone.safetensors"}, "gone.safetensors does not exist; --from takes"),
        ({"subjects": 5}, "subjects must be a whole number from 6 up"),
        ({"seeds": 0}, "seeds must be a whole number from 1 up"),
        ({"seeds": "1"}, "seeds must be a whole number from 1 up, got '1'"),
        ({"seed": -1}, "seed must be a whole number from 0 up, got -1"),
        ({"method": 3}, "3 is not a name, and only evaluate and profile take files and objects; .* by an entry point"),
        ({"again": "no"}, "again must be True or False"),
        ({"synthetic": 3}, "synthetic must be a path"),
        ({"jobs": "two"}, "jobs must be a whole number from 1 up, or None for one per core, got 'two'"),
        ({"cache": 3}, "cache must be a path"),
        ({"start": ""}, "start must be a path"),
        ({"score_on": ["casme2"]}, "score_on must be a dictionary"),
    ],
)
def test_impossible_settings_are_named_and_leave_nothing(tmp_path, changes, message):
    with pytest.raises(MerlabError, match=message):
        pretrain(tmp_path / "tiny.safetensors", **SMALL | changes)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_pretrain_did_not_write_is_not_overwritten(tmp_path):
    (tmp_path / "mine.safetensors").write_text("precious")
    for again in (False, True):
        with pytest.raises(MerlabError, match="exists" if not again else "mine.safetensors"):
            pretrain(tmp_path / "mine.safetensors", again=again, **SMALL)
    assert (tmp_path / "mine.safetensors").read_text() == "precious"


NAMES = {
    "own": ("sub01", "sub02", "sub03", "sub04", "s1", "s2", "s3", "s4"),
    "others": ("006", "007", "008"),
}


def released(root: Path) -> ClipTable:
    return load("ststnet-flow", write_flow_tree(root, NAMES["own"]))


def test_no_score_is_made_on_subjects_that_were_trained_on(tmp_path):
    table = released(tmp_path / "flow")
    with pytest.raises(MerlabError, match="training uses . subjects? of .*, such as"):
        pretrain(tmp_path / "mine.safetensors", table, score_on={"the same": table}, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["flow"]


@pytest.mark.parametrize("changes", [{"database": "samm-long"}, {"subject": "6"}])
def test_no_score_is_made_on_a_person_who_was_trained_on_under_another_name(tmp_path, changes):
    """Other clips of the subjects 006 to 011, all of whom are called alike."""
    names = [f"{number:03d}" for number in range(6, 12)]
    own, others = (load("ststnet-flow", write_flow_tree(tmp_path / f"{seed}", names, seed=seed)) for seed in (0, 1))
    renamed = replace(others, clips=tuple(replace(clip, **changes) for clip in others if clip.subject == "006"))
    scored = {"another name": renamed}
    train = next(seed for seed in range(20) if "samm/006" in division(own.groups, seed)[0])
    with pytest.raises(MerlabError, match="training uses 1 subject of another name, such as samm"):
        pretrain(tmp_path / "mine.safetensors", own, score_on=scored, **SMALL | {"seed": train})


@pytest.mark.parametrize("database", ["synthetic", "synthetic-long"])
def test_no_score_of_synthetic_flow_is_made_on_synthetic_faces_which_may_be_the_same(tmp_path, database):
    table = released(tmp_path / "flow")
    faces = replace(table, clips=tuple(replace(clip, database=database) for clip in table))
    with pytest.raises(MerlabError, match="may show the same people as the synthetic faces of mine, so a score there"):
        pretrain(tmp_path / "mine.safetensors", score_on={"mine": faces}, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["flow"]


@pytest.mark.slow
def test_a_person_who_was_trained_on_and_scored_on_under_two_names_marks_the_recognizer(tmp_path):
    own = load("ststnet-flow", write_flow_tree(tmp_path / "flow", [f"{number:03d}" for number in range(6, 12)]))
    videos = replace(own, clips=tuple(replace(clip, database="samm-long") for clip in own))
    with pytest.warns(UserWarning, match="samm-long/.* and samm/.* may be one person each") as warned:
        made = pretrain(tmp_path / "mine.safetensors", [own, videos], **SMALL)
    assert [stamp for stamp in made.card.stamps if stamp.startswith("SHARED SUBJECTS: ")]
    assert {warning.filename for warning in warned} == {__file__}


@pytest.mark.slow
def test_clips_of_two_people_with_one_input_mark_the_recognizer(tmp_path):
    """Each image of one person is one of another, whose files differ in a byte that is not read."""
    root = write_flow_tree(tmp_path / "flow", ["006", "007", "008", "009", "010"])
    for image in (root / "006").rglob("*.png"):
        copy = root / "011" / image.relative_to(root / "006").with_name(image.name.replace("006", "011"))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(image.read_bytes() + b"\0")
    own = load("ststnet-flow", root)
    apart = next(seed for seed in range(20) if len({"samm/006", "samm/011"} & division(own.groups, seed)[0]) == 1)
    with pytest.warns(UserWarning, match="have the same input: they probably share frames"):
        made = pretrain(tmp_path / "mine.safetensors", own, **SMALL | {"seed": apart})
    assert [stamp for stamp in made.card.stamps if stamp.startswith("SHARED FRAMES: ")] == ["SHARED FRAMES: 12 clips"]


@pytest.mark.slow
@pytest.mark.parametrize(("part", "temperature_changes"), [(2, False), (1, True)])
def test_what_is_scored_on_changes_neither_weights_nor_temperature_and_what_is_calibrated_on_no_weights(
    tmp_path, part, temperature_changes
):
    """Other labels and other images of the subjects of one part of the division."""
    own, others = (
        load("ststnet-flow", write_flow_tree(tmp_path / f"{seed}", NAMES["own"], seed=seed)) for seed in (0, 1)
    )
    changed = division(own.groups, 0)[part]
    labels = {"negative": "positive", "positive": "surprise", "surprise": "negative"}
    clips = [
        replace(other, emotion=labels[clip.emotion]) if clip.group in changed else clip
        for clip, other in zip(own, others, strict=True)
    ]
    options = SMALL | {"seeds": 1, "input": "flow:channels=uvs,scale=centered,crop=corrected"}
    first, second = (
        pretrain(tmp_path / f"{name}.safetensors", table, cache=tmp_path / "cache", **options)
        for name, table in (("a", own), ("b", replace(own, clips=tuple(clips))))
    )
    weights = second.module.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in first.module.state_dict().items())
    assert (first.card.temperature != second.card.temperature) == temperature_changes
    of_first, of_second = ([score.uf1 for score in made.card.scores] for made in (first, second))
    assert (of_first != of_second) == (part == 2)


@pytest.mark.slow
def test_no_score_is_made_on_a_database_that_a_start_was_trained_on(flow, tmp_path):
    table = released(tmp_path / "flow")
    database = next(iter(table)).database
    start = write_start(tmp_path / "start.safetensors", databases=[database])
    with pytest.raises(MerlabError, match=rf"start.safetensors was trained on {database}, so a score on smic would be"):
        pretrain(tmp_path / "mine.safetensors", synthetic=flow, start=start, score_on={"smic": table}, **SMALL | CNN)


@pytest.mark.slow
def test_clips_of_your_own_may_have_a_scheme_of_your_own(tmp_path):
    own = {"negative": "calm", "positive": "moved", "surprise": "moved", "disgust": "calm"}
    clips, out = released(tmp_path / "flow"), tmp_path / "mine.safetensors"
    made = pretrain(out, clips, scheme=own, **SMALL)
    assert made.classes == ("calm", "moved")
    assert load_recognizer(out).card == made.card
    assert made.card.trained_on.synthetic is None
    with pytest.raises(MerlabError, match=r"class of the label surprise \(--scheme\) moved -> calm"):
        pretrain(out, clips, scheme=own | {"surprise": "calm"}, **SMALL)


@pytest.mark.slow
def test_whole_heads_to_train_or_to_score_on_mark_the_recognizer(tmp_path):
    own, others = (
        load("ststnet-flow", write_flow_tree(tmp_path / name, NAMES[name], seed=seed))
        for seed, name in enumerate(NAMES)
    )
    marked = replace(others, stamps=("WHOLE HEADS: samm",))
    made = pretrain(tmp_path / "a.safetensors", own, score_on={"others": marked}, **SMALL)
    assert "WHOLE HEADS: samm, scored on" in made.card.stamps
    made = pretrain(tmp_path / "b.safetensors", replace(own, stamps=("WHOLE HEADS: casme2",)), **SMALL)
    assert "WHOLE HEADS: casme2" in made.card.stamps


@pytest.mark.slow
def test_the_score_on_another_database_is_that_of_the_file(tmp_path):
    own, others = (
        load("ststnet-flow", write_flow_tree(tmp_path / name, NAMES[name], seed=seed))
        for seed, name in enumerate(NAMES)
    )
    options = SMALL | {"seeds": 1, "input": "flow:channels=uvs,scale=centered,crop=corrected"}
    made = pretrain(tmp_path / "a.safetensors", own, score_on={"elsewhere": others}, **options)
    assert {(score.what, score.crop) for score in made.card.scores} == {
        ("held-out subjects", "fitted on the training clips, without labels"),
        ("elsewhere", "fitted on the scored clips, without labels"),
    }
    scored = score_on(others, made, jobs=1, progress=False)
    assert scored.model_copy(update={"what": "elsewhere", "compared": {}}) == made.card.scores[-1].model_copy(
        update={"compared": {}}
    )


@pytest.mark.slow
def test_changed_clips_are_refused_for_the_same_file(tmp_path):
    own, out = released(tmp_path / "flow"), tmp_path / "mine.safetensors"
    pretrain(out, own, cache=tmp_path / "cache", **SMALL)
    train, *_ = division(own.groups, 0)
    image = next(clip for clip in own if clip.group in train).source
    cv2.imwrite(str(image), 255 - read_image(image))
    with pytest.raises(MerlabError, match="the clips have changed"):
        pretrain(out, own, cache=tmp_path / "cache", **SMALL)
    before = load_recognizer(out).module.state_dict()
    after = pretrain(out, own, cache=tmp_path / "cache", again=True, **SMALL).module.state_dict()
    assert not all(torch.equal(after[name], value) for name, value in before.items())
    assert {path.name for path in tmp_path.iterdir()} == {"flow", "cache", "mine.safetensors", "mine-work"}


@pytest.mark.parametrize(
    ("own", "scored_on", "of_synthetic", "preset", "expected"),
    [
        (None, [], True, "reduced", ("SYNTHETIC", "REDUCED")),
        ((), [], True, "paper", ()),
        (
            ("WHOLE HEADS: samm",),
            ["WHOLE HEADS: smic"],
            False,
            "paper",
            ("WHOLE HEADS: samm", "WHOLE HEADS: smic, scored on"),
        ),
        # What else is true of the clips to score on, such as that they are synthetic, is in their score.
        ((), ["SYNTHETIC"], True, "paper", ()),
        (("SYNTHETIC",), [], True, "paper", ("SYNTHETIC", "SYNTHETIC TRAINING: it may have the subjects of the test")),
        (("SYNTHETIC",), [], False, "reduced", ("SYNTHETIC", "REDUCED")),
    ],
)
def test_a_card_is_stamped_by_its_clips_those_to_score_on_and_its_preset(
    own, scored_on, of_synthetic, preset, expected
):
    training = Training("mine", "ststnet", preset, find_scheme("megc2019"), None, 0, 1)
    clips = None if own is None else ClipTable((), stamps=own)
    tables = [ClipTable((), stamps=tuple(scored_on))]
    assert pretraining._stamps(training, clips, tables, of_synthetic) == expected


@pytest.mark.parametrize(
    ("crop", "of_databases", "held_out", "elsewhere"),
    [
        ("stored", True, None, None),
        (
            "corrected",
            True,
            "fitted on the training clips, without labels",
            "fitted on the scored clips, without labels",
        ),
        # Synthetic flow has the crop that the recognizer expects.
        ("corrected", False, None, "fitted on the scored clips, without labels"),
    ],
)
def test_a_score_states_how_crops_were_corrected_where_they_were(monkeypatch, crop, of_databases, held_out, elsewhere):
    monkeypatch.setattr(pretraining, "held_out_scores", lambda title, *others: [(title, others[-1])])
    monkeypatch.setattr(pretraining, "corrected", lambda examples, recipe: examples)
    kept = small_recognizer(recipe=str(parse_recipe(f"flow:scale=centered,crop={crop}")))
    clips: Any = None
    scores: Any = pretraining._scores([kept], kept, clips, of_databases, clips, {"smic": clips})
    assert scores == (("held-out subjects", held_out), ("smic", elsewhere))


def test_synthetic_flow_that_is_made_has_152_subjects_with_20_clips_each_unless_others_are_given():
    assert pretraining._flow_to_make(None, None, 3, True) == FlowToMake(subjects=152, clips=20, seed=3)
    assert pretraining._flow_to_make(7, 2, 0, True) == FlowToMake(subjects=7, clips=2, seed=0)
    assert pretraining._flow_to_make(None, None, 3, False) is None
    for subjects, clips, named in ((7, None, r"subjects \(7\)"), (None, 2, r"clips per subject \(2\)")):
        with pytest.raises(
            MerlabError, match=f"{named} describes SYNTHETIC flow that is made, but the clips are given"
        ):
            pretraining._flow_to_make(subjects, clips, 0, False)


def test_the_temperature_and_the_errors_without_and_with_it_are_those_of_the_held_out_clips():
    """A network that gives the first class .9 always, and is right for half of the clips: 18^(1/T) = 2."""
    keys = pd.DataFrame(
        [("smic", f"s{row % 2}", f"c{row}") for row in range(4)], columns=["database", "subject", "clip"]
    )
    held = Examples(np.zeros((4, 3, 28, 28), np.float32), np.array([0, 0, 1, 2]), keys)
    sure = replace(small_recognizer(), infer=lambda clips: np.log(np.tile([0.9, 0.05, 0.05], (len(clips), 1))))
    card = calibrated(sure, held, 0.0).card
    assert card.temperature == pytest.approx(np.log(18) / np.log(2), rel=1e-3)
    assert card.calibration is not None
    assert (card.calibration.clips, card.calibration.subjects, card.calibration.label_errors) == (4, 2, 0)
    before, after = card.calibration.before, card.calibration.after
    assert before.negative_log_likelihood == pytest.approx(-(np.log(0.9) + np.log(0.05)) / 2)
    assert after.negative_log_likelihood == pytest.approx(-(np.log(0.5) + np.log(0.25)) / 2, rel=1e-4)
    assert (before.expected_calibration_error, after.expected_calibration_error) == pytest.approx((0.4, 0), abs=1e-3)
    # If a tenth of the labels are given differently, .9 x .5 + .05 x .5 = .475 of them are the first class.
    wrong = calibrated(sure, held, 0.1).card
    assert wrong.temperature == pytest.approx(np.log(18) / np.log(2 * 0.475 / 0.525), rel=1e-3)
    assert wrong.calibration is not None
    assert wrong.calibration.label_errors == 0.1


def test_the_shipped_weights_are_small_whole_and_stamped():
    assert SHIPPED.stat().st_size < 5e6
    card = load_recognizer().card
    assert card.stamps == ("SYNTHETIC",)
    assert card.trained_on.databases == ("synthetic",)
    assert "synthetic faces only" in card.limits
    assert card.ceiling
    assert card.intended_use
    assert card.calibration is not None
    assert card.calibration.label_errors == pretraining.LABEL_ERRORS
    assert load_file(SHIPPED).keys() == card.build().state_dict().keys()


@pytest.mark.slow
def test_the_shipped_weights_recognize_faces_of_another_seed():
    shipped = load_recognizer()
    settings = SyntheticSettings(
        scheme=shipped.card.scheme, recipe=shipped.card.recipe, subjects=3, clips=6, presets=("easy",), seed=60_606
    )
    unseen = synthetic_examples(settings, 1, silent)
    right = shipped.predict_proba(unseen.inputs).argmax(axis=1) == unseen.labels
    # A guess is right for 6 of the 18 clips on average, and for more than 14 of them once in 50 000 times.
    assert right.sum() > 14


def test_regions_that_the_method_does_not_take_are_told(tmp_path):
    (tmp_path / "mine.safetensors").write_text("something else")
    recipe = "flow:channels=uvs,scale=centered,size=28x28,regions=mask,view=local"
    with (
        pytest.warns(UserWarning, match="regions=mask of the input changes nothing: flow-cnn takes the whole face"),
        pytest.raises(MerlabError, match="exists"),
    ):
        pretrain(tmp_path / "mine.safetensors", input=recipe, subjects=9, progress=False)

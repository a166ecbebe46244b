from dataclasses import replace

import numpy as np
import pytest
import torch

from merlab.errors import MerlabError
from merlab.methods.dikd import DIKD, DistilledSvm, Lessons, Sizes, Student, Teacher, units_in
from merlab.methods.method import Task
from merlab.training import Material, SyntheticClips

TASK = Task(3, 2, 16, 16)
SMALL = Sizes(width=0.125, small=True)
LABELS = np.arange(24) % 3
# The unit of a class, and unit 4, which half of the clips of each class have.
UNITS = [f"{(1, 12, 17)[label]}{'+R4' if row % 2 else ''}" for row, label in enumerate(LABELS)]


def clips(seed=0):
    """24 images with a bright row of pixels for each class, and a bright column for unit 4."""
    images = np.random.default_rng(seed).normal(0, 0.3, (24, 2, 16, 16)).astype(np.float32)
    images[np.arange(24), 0, 3 + 5 * LABELS] += 1
    images[1::2, 1, :, 4] += 1
    return images


def classifier(synthetic=None, **settings):
    preset = DIKD.preset("flow28" if synthetic is None else "synthetic-teacher")
    assert preset.training is not None
    short = preset.training.model_copy(update={"epochs": 15, "batch_size": 6, "mirror": False, **settings})
    preset = preset.model_copy(update={"training": short})
    return DistilledSvm(TASK, preset=preset, mirror=None, material=Material(synthetic=synthetic))


@pytest.mark.parametrize(
    ("text", "units"),
    [("4+L10", {4, 10}), ("R2", {2}), ("4 or 7", {4, 7}), ("none", set()), ("0", set()), ("12B+L14A", {12, 14})],
)
def test_the_units_of_a_clip_are_the_numbers_in_its_text(text, units):
    assert units_in(text) == units


def test_lessons_are_the_combinations_of_units_that_some_clips_have_and_clips_without_text_are_left_out():
    texts = ["4+12"] * 3 + ["4"] * 3 + ["4+17"] + [""]
    lessons = Lessons.coded(np.zeros((8, 1, 2, 2), np.float32), texts, [f"s{row}" for row in range(8)])
    # All known clips have unit 4, one has unit 17: only unit 12 is taught.
    assert lessons.combinations.tolist() == [[0], [1]]
    assert lessons.combination.tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert len(lessons.inputs) == 7


def test_the_loss_of_the_teacher_is_the_binary_cross_entropy_of_the_units():
    teacher = Teacher(TASK, SMALL, np.array([[0, 1], [1, 1]], np.float32))
    logits, labels = torch.tensor([[0.0, 0.0], [2.0, -1.0]]), torch.tensor([0, 1])
    log = torch.nn.functional.logsigmoid
    expected = -(2 * log(torch.tensor(0.0)) + log(torch.tensor(2.0)) + log(torch.tensor(-1.0))) / 4
    assert float(teacher.loss(logits, labels, None)) == pytest.approx(float(expected))


def test_the_teacher_guides_the_student_and_is_not_part_of_it():
    teacher = Teacher(TASK, SMALL, np.array([[0, 1], [1, 0]], np.float32))
    student = Student(TASK, teacher)
    before = [parameter.clone() for parameter in teacher.parameters()]
    inputs, labels = torch.from_numpy(clips()), torch.from_numpy(LABELS)
    outputs = student.train()(inputs)
    # A student with the features and units of the teacher has no distance but the entropy of the units.
    logits, _, _, taught, units = outputs
    entropy = torch.nn.functional.binary_cross_entropy(units, units)
    alike = student.loss((logits, taught, torch.logit(units), taught, units), labels, None)
    assert alike.item() == pytest.approx((torch.nn.functional.cross_entropy(logits, labels) + entropy).item(), abs=1e-5)
    student.loss(outputs, labels, None).backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert not {id(each) for each in teacher.parameters()} & {id(each) for each in student.parameters()}
    assert all(torch.equal(one, other) for one, other in zip(before, teacher.parameters(), strict=True))


@pytest.mark.slow
def test_dikd_learns_classes_and_the_teacher_learns_units():
    distilled = classifier()
    distilled.fit(clips(), LABELS, ["s"] * 24, 0, action_units=UNITS)
    assert (distilled.predict_proba(clips(1)).argmax(axis=1) == LABELS).mean() > 0.8
    assert distilled.teacher is not None
    assert distilled.teacher.combinations.shape == (6, 4)
    with torch.inference_mode():
        found = distilled.teacher(torch.from_numpy(clips(1))) > 0
    # Units 1, 4, 12 and 17, in this order.
    expected = np.array([[unit in units_in(text) for unit in (1, 4, 12, 17)] for text in UNITS])
    assert (found.numpy() == expected).mean() > 0.8


def test_validation_chooses_the_epoch_of_the_student_alone():
    trained = classifier(selection="validation", epochs=1)
    trained.fit(clips(), LABELS, [f"s{row // 4}" for row in range(24)], 0, action_units=UNITS)
    assert trained.predict_proba(clips()).shape == (24, 3)


@pytest.mark.slow
def test_without_action_units_the_teacher_learns_from_synthetic_clips():
    with pytest.raises(MerlabError, match="there are none among 0 clips with known action units"):
        classifier().fit(clips(), LABELS, ["s"] * 24, 0)
    units = np.eye(3, dtype=np.float32)[LABELS]
    synthetic = SyntheticClips(clips(2), LABELS, units, np.arange(3), tuple("s" * 24))
    distilled = classifier(synthetic)
    distilled.fit(clips(), LABELS, ["s"] * 24, 0)
    assert distilled.teacher is not None
    assert distilled.teacher.combinations.shape == (3, 3)
    with pytest.raises(MerlabError, match="at least 3 training clips have"):
        classifier(replace(synthetic, intensities=0 * units)).fit(clips(), LABELS, ["s"] * 24, 0)


def test_the_preset_paper_takes_one_training_step():
    preset = DIKD.preset("paper")
    task = Task(4, 3, 64, 64)
    teacher = Teacher(task, Sizes.model_validate(preset.network), np.eye(12, dtype=np.float32))
    # ResNet-18 without its last layer has 11 176 512 parameters.
    assert sum(parameter.numel() for parameter in teacher.parameters()) == 11_176_512 + 12 * (512 + 1)
    student = Student(task, teacher)
    inputs, labels = torch.rand(4, 3, 64, 64), torch.arange(4)
    student.loss(student.train()(inputs), labels, None).backward()
    assert all(parameter.grad is not None for parameter in student.parameters())

"""One person under two names, and frames of two subjects, are named and stamped where a split divides them."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.evaluation.runner import prepared
from merlab.evaluation.study import Study
from merlab.progress import silent
from merlab.stamps import stamp_notes
from tests.helpers import flow_plan, make_clip, texture, write_flow_tree, write_frames

CLASSES = {"happiness": "positive", "disgust": "negative"}


def facts(tmp_path, people, protocol="loso", sources=None, **options):
    """The facts of a run on two clips of each person (database/subject); every clip has frames of its own."""
    clips = [
        make_clip(
            tmp_path / (sources or {}).get((person, emotion), f"{person}-{emotion}"),
            database=person.partition("/")[0],
            subject=person.partition("/")[2],
            name=emotion,
            emotion=emotion,
        )
        for person in people
        for emotion in CLASSES
    ]
    study = Study.of(ClipTable(tuple(clips)), "constant", scheme=CLASSES, protocol=protocol, **options)
    return study.plan().facts()


@pytest.mark.parametrize(
    "twice", [("1", "01"), ("sub01", "SUB01"), ("sub01", "sub 01"), ("sub1", "sub01"), ("1", "1.0")]
)
def test_names_that_may_be_one_person_are_named_and_stamped(tmp_path, twice):
    one, other = sorted(f"lab/{name}" for name in twice)
    with pytest.warns(
        UserWarning, match="may be one person each, who is then trained on and tested on; give every person"
    ):
        stamps = facts(tmp_path, [one, other, "lab/anna"]).stamps
    assert stamps == ["SHARED SUBJECTS: 2 names"]


def test_names_that_look_the_same_are_told_apart(tmp_path):
    with pytest.warns(UserWarning, match=r"lab/Ju\\u0308rgen and lab/J\u00fcrgen may be one person each"):
        facts(tmp_path, ["lab/J\u00fcrgen", "lab/Ju\u0308rgen"])


def test_people_of_two_databases_that_show_the_same_ones_are_named_and_stamped(tmp_path):
    with pytest.warns(
        UserWarning,
        match="samm-long/006 and samm/006 may be one person each.*evaluate databases that show the same people apart",
    ):
        stamps = facts(tmp_path, ["samm/006", "samm-long/006", "samm/007"]).stamps
    assert stamps == ["SHARED SUBJECTS: 2 names"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert facts(tmp_path, ["samm/006", "samm-long/007", "casme2/6"]).stamps == []


def test_frames_of_two_subjects_are_named_and_stamped(tmp_path):
    sources = {("lab/bob", "disgust"): "lab/anna-disgust"}
    with pytest.warns(UserWarning, match="lab/anna/disgust and lab/bob/disgust share frames, which are then"):
        stamps = facts(tmp_path, ["lab/anna", "lab/bob"], sources=sources).stamps
    assert stamps == ["SHARED FRAMES: 2 clips"]


def test_frames_of_two_subjects_that_overlap_are_named_and_stamped(tmp_path):
    clips = [
        make_clip(tmp_path / "video.avi", database="lab", subject=subject, name=emotion, emotion=emotion, onset=onset,
                  apex=None, offset=onset + 9)
        for subject, emotion, onset in (("anna", "happiness", 1), ("anna", "disgust", 21), ("bob", "disgust", 30))
    ]  # fmt: skip
    study = Study.of(ClipTable(tuple(clips)), "constant", scheme=CLASSES, protocol="loso")
    with pytest.warns(UserWarning, match="lab/anna/disgust and lab/bob/disgust share frames, which are then"):
        assert study.plan().facts().stamps == ["SHARED FRAMES: 2 clips"]


@pytest.mark.parametrize(("copy", "stamps"), [("lab/bob-happiness", 1), ("lab/anna-happiness", 0)])
def test_equal_files_in_folders_of_two_subjects_are_stamped(tmp_path, copy, stamps):
    for folder, seed in (("lab/anna-disgust", 1), (copy, 1), ("lab/bob-disgust", 2)):
        write_frames(tmp_path / folder, [texture(seed + number) for number in range(3)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = facts(tmp_path, ["lab/anna", "lab/bob"]).stamps
    assert found == ["SHARED FRAMES: 2 clips"][:stamps]


@pytest.mark.parametrize(
    ("people", "protocol"),
    [
        (["lab/1", "lab/10", "lab/anna"], "loso"),
        (["lab/1", "elsewhere/01"], "loso"),
        (["lab/1", "lab/01", "elsewhere/2"], "hold-out-database"),
    ],
)
def test_nothing_is_said_where_nobody_is_trained_on_and_tested_on(tmp_path, people, protocol):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert facts(tmp_path, people, protocol).stamps == []


@pytest.mark.parametrize(
    ("scheme", "told", "stated"),
    [
        (
            "as-labeled",
            "4 test clips of 4 cannot be recognized, because no training clip of the same fold",
            {"disgust": 1, "happiness": 1, "freude": 1, "ekel": 1},
        ),
        ({**CLASSES, "freude": "positive", "ekel": "negative"}, None, {}),
        (
            {**CLASSES, "freude": "positive", "ekel": "contempt"},
            r"2 test clips of 4 .*\(negative 1, contempt 1\)",
            {"negative": 1, "contempt": 1},
        ),
    ],
)
def test_a_class_that_the_test_alone_has_is_named_and_kept_in_the_record(tmp_path, scheme, told, stated):
    """Two databases with words of their own: each class is in one of them, so no method can be right."""
    words = {"lab": ("happiness", "disgust"), "labor": ("freude", "ekel")}
    clips = [
        make_clip(tmp_path / f"{database}-{emotion}", database=database, subject="1", name=emotion, emotion=emotion)
        for database, emotions in words.items()
        for emotion in emotions
    ]
    study = Study.of(ClipTable(tuple(clips)), "constant", scheme=scheme, protocol="hold-out-database")
    with pytest.warns(UserWarning, match=told) if told else warnings.catch_warnings():
        warnings.simplefilter("always" if told else "error")
        assert study.plan().facts().untrained == stated


def test_of_databases_to_train_on_clips_are_not_counted_as_tested(tmp_path):
    clips = [
        make_clip(tmp_path / f"{database}-{name}", database=database, subject="1", name=str(name), emotion=emotion)
        for database, emotion in (("lab", "happiness"), ("labor", "freude"))
        for name in range(3)
    ]
    table = ClipTable(tuple(clips))
    study = Study.of(table, "constant", scheme="as-labeled", protocol="hold-out-database", train_on=["lab"])
    with pytest.warns(UserWarning, match=r"^3 test clips of 3 cannot be recognized, because .*\(freude 3\)"):
        study.plan()


def test_many_names_are_counted(tmp_path):
    people = [f"lab/{zero}{number}" for number in range(1, 6) for zero in ("", "0")]
    with pytest.warns(
        UserWarning, match=r"lab/01 and lab/1; lab/02 and lab/2; lab/03 and lab/3, and 2 more may be one"
    ):
        facts(tmp_path, people)


def test_the_stamps_are_explained():
    class Summary:
        method = "constant"
        stamps = ("SHARED SUBJECTS: 2 names", "SHARED FRAMES: 2 clips")

    notes = stamp_notes([Summary()])
    assert ["the numbers are too high" in note.meaning.lower() for note in notes] == [True, True]


@pytest.mark.parametrize(("copy", "stamps"), [("sub02", ["SHARED FRAMES: 2 clips"]), ("sub01", [])])
def test_a_copy_of_a_clip_whose_file_differs_is_known_by_its_input(tmp_path, copy, stamps):
    root = write_flow_tree(tmp_path / "flow", ("sub01", "sub02"), each=1)
    image = np.random.default_rng(1).integers(4, size=(28, 28, 3), dtype=np.uint8)
    for compression, subject in enumerate(("sub01", copy)):
        file = root / subject / "u_test" / "0" / f"{subject}_EP99_0{compression}.png"
        cv2.imwrite(str(file), image, [cv2.IMWRITE_PNG_COMPRESSION, compression])
    plan = flow_plan(root, ["constant", "linear-svm"], seeds=1)
    assert plan.labeled.table.stamps == ()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan, _ = prepared(plan, tmp_path / "cache", silent)
    told = [str(each.message) for each in caught if "have the same input: they probably share" in str(each.message)]
    assert plan.facts().stamps == stamps
    assert len(told) == len(stamps)
    assert all("sub01/sub01_EP99_00 and casme2/sub02/sub02_EP99_01" in each for each in told)

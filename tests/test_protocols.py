"""Label schemes give the published counts, and splits never divide the clips of a subject."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from merlab.clips import ClipTable
from merlab.databases.ststnet_flow import STSTNET_FLOW
from merlab.errors import MerlabError
from merlab.progress import silent
from merlab.protocols import (
    Labeled,
    Split,
    covered_clips,
    hold_out_database,
    label_clips,
    loso,
    make_splits,
    stratified_group_kfold,
)
from merlab.schemes import SCHEMES, find_scheme, own_scheme
from merlab.vocabulary import PROTOCOLS
from tests.databases import casme2_release, samm_release, smic_release
from tests.databases.casme2_release import published_rows
from tests.databases.casme_release import EMOTIONS as CASME_EMOTIONS
from tests.helpers import STSTNET_FLOW as RELEASED
from tests.helpers import make_clip, needs_released_flow

SAMM_EMOTIONS = {
    "anger": 57, "happiness": 26, "other": 26, "surprise": 15, "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6,
}  # fmt: skip


def casme2(version: str, database: str = "casme2") -> ClipTable:
    """All 255 coded clips with the published labels of a coding table; the location of their frames does not matter."""
    return ClipTable(
        tuple(
            make_clip(
                Path("x"),
                database=database,
                subject=f"sub{cells['Subject']}",
                name=cells["Filename"],
                emotion=cells["Estimated Emotion"],
            )
            for cells in published_rows(version)
        )
    )


def table_of(database: str, emotions: dict[str, int]) -> ClipTable:
    clips = [
        make_clip(Path("x"), database=database, name=f"{emotion}{number}", emotion=emotion)
        for emotion, count in emotions.items()
        for number in range(count)
    ]
    return ClipTable(tuple(clips))


def counts(labeled: Labeled) -> dict[str, int]:
    found = np.bincount(labeled.labels, minlength=len(labeled.scheme.classes))
    return dict(zip(labeled.scheme.classes, found.tolist(), strict=True))


class TestSchemes:
    @pytest.mark.parametrize(
        ("version", "scheme", "expected"),
        [
            ("2014", "casme2-5", {"happiness": 32, "disgust": 63, "repression": 27, "surprise": 25, "others": 99}),
            ("2019", "casme2-5", {"happiness": 32, "disgust": 63, "repression": 27, "surprise": 28, "others": 99}),
            (
                "2014",
                "casme2-5-merged",
                {"happiness": 32, "disgust": 63, "repression": 27, "surprise": 25, "others": 108},
            ),
            (
                "2019",
                "casme2-5-merged",
                {"happiness": 32, "disgust": 63, "repression": 27, "surprise": 28, "others": 105},
            ),
            ("2014", "casme2-4", {"positive": 32, "negative": 99, "surprise": 25, "others": 99}),
            ("2014", "megc2019", {"negative": 88, "positive": 32, "surprise": 25}),
            ("2019", "megc2019", {"negative": 88, "positive": 32, "surprise": 25}),
        ],
    )
    def test_cover_casme2_with_the_published_counts(self, version, scheme, expected):
        assert counts(label_clips(casme2(version), SCHEMES[scheme])) == expected

    def test_of_megc2019_cover_samm_with_the_published_counts(self):
        labeled = label_clips(table_of("samm", SAMM_EMOTIONS), SCHEMES["megc2019"])
        assert counts(labeled) == {"negative": 92, "positive": 26, "surprise": 15}
        assert labeled.left_out == {"samm other": 26}

    def test_of_samm_and_smic_alone_give_the_counts_of_their_papers(self):
        samm = label_clips(table_of("samm", SAMM_EMOTIONS), SCHEMES["samm-5"])
        assert counts(samm) == {"anger": 57, "happiness": 26, "other": 26, "surprise": 15, "contempt": 12}
        smic = label_clips(table_of("smic", {"negative": 70, "positive": 51, "surprise": 43}), SCHEMES["smic-3"])
        assert (counts(smic), smic.left_out) == ({"negative": 70, "positive": 51, "surprise": 43}, {})

    def test_of_casme_alone_give_the_counts_of_its_coding_table(self):
        casme = table_of("casme", CASME_EMOTIONS)
        assert counts(label_clips(casme, SCHEMES["casme-8"])) == CASME_EMOTIONS
        four = label_clips(casme, SCHEMES["casme-4"])
        assert counts(four) == {"tense": 68, "disgust": 45, "repression": 39, "surprise": 20}
        assert len(four.labels) == 172

    @needs_released_flow
    def test_of_megc2019_cover_all_clips_of_the_released_flow(self):
        labeled = label_clips(STSTNET_FLOW.examine(RELEASED, False, silent).clips, SCHEMES["megc2019"])
        assert counts(labeled) == {"negative": 158, "positive": 83, "surprise": 68}
        assert labeled.left_out == {}

    def test_of_megc2019_treat_synthetic_clips_as_casme2_without_its_omissions_by_name(self):
        labeled = label_clips(casme2("2014", "synthetic"), SCHEMES["megc2019"])
        assert counts(labeled) == {"negative": 90, "positive": 32, "surprise": 25}

    def test_report_the_excluded_clips_and_the_reasons(self):
        assert label_clips(casme2("2014"), SCHEMES["casme2-5"]).left_out == {"casme2 fear": 2, "casme2 sadness": 7}
        assert label_clips(casme2("2014"), SCHEMES["megc2019"]).left_out == {
            "casme2 disgust (omitted by name)": 2,
            "casme2 others": 99,
            "casme2 fear": 2,
            "casme2 sadness": 7,
        }
        assert label_clips(casme2("2019"), SCHEMES["megc2019"]).left_out == {
            "casme2 disgust (omitted by name)": 2,
            "casme2 surprise (omitted by name)": 3,
            "casme2 others": 99,
            "casme2 fear": 2,
            "casme2 sadness": 4,
        }

    def test_keep_the_tables_order_and_stamps(self):
        table = ClipTable(casme2("2014").clips, ("SYNTHETIC",))
        labeled = label_clips(table, SCHEMES["casme2-5"])
        assert [clip.key for clip in labeled.table] == [
            clip.key for clip in table if clip.emotion not in {"fear", "sadness"}
        ]
        assert labeled.table.stamps == ("SYNTHETIC",)

    def test_label_by_a_fixed_class_order(self):
        labeled = label_clips(table_of("casme2", {"surprise": 1, "happiness": 1}), SCHEMES["casme2-5"])
        assert labeled.labels.tolist() == [3, 0]
        assert labeled.labels.dtype == np.int64

    def test_that_cover_no_clip_are_an_error_naming_both_sets_of_emotions(self):
        with pytest.raises(
            MerlabError, match=r"casme2-5 covers none .* disgust, .* the labels of the clips are negative, positive"
        ):
            label_clips(table_of("smic", {"positive": 1, "negative": 1}), SCHEMES["casme2-5"])

    @pytest.mark.parametrize(
        ("labels", "told"),
        [
            (["hapiness"], ["1 clip with the label 'hapiness' left out: scheme mine has 'happiness'"]),
            (["happines", "happines"], ["2 clips with the label 'happines' left out: scheme mine has 'happiness'"]),
            (["01"], ["1 clip with the label '01' left out: scheme mine has '1'"]),
            (["sadness", "2", ""], []),
        ],
    )
    def test_that_leave_out_what_is_nearly_one_of_their_labels_tell_it(self, labels, told):
        scheme = own_scheme("mine", {"happiness": "positive", "anger": "negative", "1": "negative"})
        clips = [make_clip(Path(), name=str(row), emotion=label) for row, label in enumerate(["happiness", *labels])]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            covered = covered_clips(ClipTable(tuple(clips)), scheme)
        assert len(covered.table) == 1
        assert [str(each.message).partition(";")[0] for each in caught] == told

    @pytest.mark.parametrize(
        ("labels", "told"),
        [
            ({"casme2": "others", "samm": "other"}, ["'other' (samm) and 'others' (casme2) are different classes"]),
            ({"casme2": "others", "mmew": "others"}, []),
            ({"casme2": "happiness", "samm": "anger"}, []),
        ],
    )
    def test_of_every_label_tell_two_that_are_nearly_one_in_two_databases(self, labels, told):
        clips = [make_clip(Path(), database=database, emotion=label) for database, label in labels.items()]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            covered_clips(ClipTable(tuple(clips)), SCHEMES["as-labeled"])
        assert [str(each.message).partition(";")[0] for each in caught] == told

    def test_that_cover_one_class_are_an_error(self):
        with pytest.raises(MerlabError, match="casme2-5 covers only surprise"):
            label_clips(table_of("smic", {"positive": 1, "surprise": 2}), SCHEMES["casme2-5"])

    def test_are_found_by_name_with_the_nearest_suggested(self):
        assert find_scheme("megc2019") is SCHEMES["megc2019"]
        with pytest.raises(MerlabError, match=r"unknown label scheme 'casme2_5'; did you mean casme2-5\?"):
            find_scheme("casme2_5")

    def test_say_what_they_are(self):
        assert all(scheme.description and scheme.name == name for name, scheme in SCHEMES.items())
        assert all(set(scheme.emotions.values()) == set(scheme.classes) for scheme in SCHEMES.values())


GROUPS = st.lists(st.sampled_from(["a/s01", "b/s01", "a/s02", "b/s02", "c/006", "c/007"]), min_size=2, max_size=40)


@st.composite
def labeled_groups(draw: st.DrawFn) -> tuple[np.ndarray, list[str]]:
    groups = draw(GROUPS.filter(lambda groups: len(set(groups)) >= 3))
    return np.array([draw(st.integers(0, 2)) for _ in groups], np.int64), groups


def assert_partition(splits: Sequence[Split], groups: Sequence[str]) -> None:
    """Every clip is tested once and is a training clip of every other split; no group is on both sides of a split."""
    assert sorted(position for split in splits for position in split.test) == list(range(len(groups)))
    for split in splits:
        assert split.test
        assert sorted((*split.train, *split.test)) == list(range(len(groups)))
        assert not {groups[row] for row in split.train} & {groups[row] for row in split.test}


def together(splits: Sequence[Split], names: Sequence[int]) -> set[frozenset[int]]:
    return {frozenset(names[position] for position in split.test) for split in splits}


class TestLeaveOneSubjectOut:
    @given(GROUPS.filter(lambda groups: len(set(groups)) >= 2))
    def test_tests_each_subject_in_a_split_of_its_own(self, groups):
        splits = loso(groups)
        assert_partition(splits, groups)
        assert [split.name for split in splits] == sorted(set(groups))

    def test_has_26_folds_on_casme2(self):
        assert len(make_splits("loso", label_clips(casme2("2014"), SCHEMES["casme2-5"]))) == 26

    @needs_released_flow
    def test_has_40_folds_on_the_released_flow_of_two_databases(self):
        table = STSTNET_FLOW.examine(RELEASED, False, silent).clips
        assert len(make_splits("loso", label_clips(table, SCHEMES["megc2019"]))) == 24 + 16

    def test_keeps_subjects_of_one_name_in_two_databases_apart(self):
        assert [split.test for split in loso(["casme2/s01", "smic/s01", "casme2/s01"])] == [(0, 2), (1,)]

    @given(GROUPS.filter(lambda groups: len(set(groups)) >= 2), st.randoms())
    def test_tests_the_same_clips_together_in_any_order_of_rows(self, groups, shuffler):
        order = random.Random(shuffler.random()).sample(range(len(groups)), len(groups))
        shuffled = [groups[position] for position in order]
        assert together(loso(groups), range(len(groups))) == together(loso(shuffled), order)

    @pytest.mark.parametrize("groups", [[], ["casme2/sub01", "casme2/sub01"]])
    def test_of_one_subject_is_an_error(self, groups):
        with pytest.raises(MerlabError, match="needs at least 2 subjects, found .*; add clips of other people"):
            loso(groups)


def folds_where_there_are_enough_clips(
    labels: np.ndarray, groups: Sequence[str], folds: int, seed: int = 0
) -> list[Split]:
    try:
        return stratified_group_kfold(labels, groups, folds, seed)
    except MerlabError:
        reject()


class TestFolds:
    @pytest.mark.slow
    @given(labeled_groups(), st.integers(2, 3), st.integers(0, 3))
    def test_test_each_clip_once_and_divide_no_subject(self, labeled, folds, seed):
        labels, groups = labeled
        splits = folds_where_there_are_enough_clips(labels, groups, folds, seed)
        assert len(splits) == folds
        assert_partition(splits, groups)

    @given(labeled_groups(), st.randoms())
    def test_hold_the_same_clips_in_any_order_of_rows(self, labeled, shuffler):
        labels, groups = labeled
        order = random.Random(shuffler.random()).sample(range(len(groups)), len(groups))
        plain = folds_where_there_are_enough_clips(labels, groups, 2)
        shuffled = stratified_group_kfold(labels[order], [groups[position] for position in order], 2)
        assert together(plain, range(len(groups))) == together(shuffled, order)

    def test_depend_on_the_seed(self):
        labeled = label_clips(casme2("2014"), SCHEMES["casme2-5"])
        tests = {
            tuple(split.test for split in stratified_group_kfold(labeled.labels, labeled.table.groups, 5, seed))
            for seed in range(3)
        }
        assert len(tests) == 3

    def test_hold_each_class_of_casme2(self):
        labeled = label_clips(casme2("2014"), SCHEMES["casme2-5"])
        for split in make_splits("kfold", labeled, folds=5):
            assert set(labeled.labels[list(split.train)]) == set(range(5))

    def test_are_five_or_as_many_as_are_requested(self):
        labeled = label_clips(casme2("2014"), SCHEMES["casme2-5"])
        assert [split.name for split in make_splits("kfold", labeled, folds=3)] == ["fold1", "fold2", "fold3"]
        assert len(make_splits("kfold", labeled)) == 5

    def test_are_possible_with_one_subject_and_one_clip_of_a_class_for_each(self):
        splits = stratified_group_kfold(np.zeros(3, np.int64), ["a", "b", "c"], 3)
        assert sorted(split.test for split in splits) == [(0,), (1,), (2,)]

    def test_fewer_subjects_than_folds_are_an_error(self):
        with pytest.raises(MerlabError, match="5 folds need at least 5 subjects, found 2"):
            stratified_group_kfold(np.array([0, 1, 0]), ["a", "b", "b"], 5)

    def test_fewer_clips_in_each_class_than_folds_are_an_error(self):
        with pytest.raises(
            MerlabError, match="3 folds need a class with at least 3 clips, but the largest class has 2"
        ):
            stratified_group_kfold(np.array([0, 1, 0]), ["a", "b", "c"], 3)

    def test_that_would_leave_a_fold_without_clips_are_an_error(self):
        labels = np.array([0, 0, 0, 1, 1, 0, 1, 0, 2, 0])
        groups = [f"sub{number}" for number in (0, 1, 2, 3, 0, 0, 0, 1, 0, 2)]
        with pytest.raises(MerlabError, match="4 subjects are too few to fill 4 folds"):
            stratified_group_kfold(labels, groups, 4)


class TestHoldingOutADatabase:
    databases = ("casme2", "smic", "casme2", "samm", "smic")

    def test_tests_each_database_once(self):
        splits = hold_out_database(self.databases)
        assert_partition(splits, self.databases)
        assert [split.name for split in splits] == ["casme2", "samm", "smic"]

    def test_trains_on_the_named_ones_and_tests_on_all_others(self):
        (split,) = hold_out_database(self.databases, ["smic", "samm"])
        assert (split.train, split.test) == ((1, 3, 4), (0, 2))

    @pytest.mark.parametrize(
        ("databases", "train_on", "message"),
        [
            (("casme2",), None, "needs clips of at least 2 databases, found casme2"),
            (("casme2", "smic"), ["sam"], "not from sam"),
            (("casme2", "smic"), ["smic", "casme2"], "no database is left for testing"),
        ],
    )
    def test_that_is_not_possible_is_an_error(self, databases, train_on, message):
        with pytest.raises(MerlabError, match=message):
            hold_out_database(databases, train_on)


class TestProtocols:
    labeled = label_clips(casme2("2014"), SCHEMES["casme2-5"])

    def test_are_the_three_that_commands_offer(self):
        assert PROTOCOLS == ("loso", "kfold", "hold-out-database")

    def test_of_another_name_are_an_error(self):
        with pytest.raises(
            MerlabError, match="unknown protocol 'k-fold'; protocols are loso, kfold, hold-out-database"
        ):
            make_splits("k-fold", self.labeled)

    @pytest.mark.parametrize("protocol", ["loso", "kfold"])
    def test_other_than_hold_out_database_take_no_training_databases(self, protocol):
        with pytest.raises(MerlabError, match="is an option of the protocol hold-out-database"):
            make_splits(protocol, self.labeled, train_on=["casme2"])

    @pytest.mark.parametrize("protocol", ["loso", "hold-out-database"])
    def test_other_than_kfold_take_no_number_of_folds(self, protocol):
        with pytest.raises(MerlabError, match=f"folds is an option of the protocol kfold, not of {protocol}"):
            make_splits(protocol, self.labeled, folds=5)

    def test_of_one_database_cannot_hold_it_out(self):
        with pytest.raises(MerlabError, match="needs clips of at least 2 databases"):
            make_splits("hold-out-database", self.labeled)


@pytest.fixture(scope="module")
def union(tmp_path_factory) -> ClipTable:
    """CASME II, SMIC-HS and SAMM, read from complete trees in the layouts of their releases."""
    root = tmp_path_factory.mktemp("union")
    examinations = (
        casme2_release.examine(casme2_release.write_release(root / "casme2")),
        smic_release.examine(smic_release.write_single(root / "smic")),
        samm_release.examine(samm_release.write_release(root / "samm")),
    )
    return ClipTable(tuple(clip for examination in examinations for clip in examination.clips))


class TestMegc2019:
    def test_the_union_has_the_official_442_clips_of_68_subjects(self, union):
        labeled = label_clips(union, SCHEMES["megc2019"])
        assert len(labeled.table) == 442
        assert len(set(labeled.table.groups)) == 68
        assert counts(labeled) == {"negative": 250, "positive": 109, "surprise": 83}

    @pytest.mark.parametrize(
        ("database", "clips", "subjects"),
        [("casme2", [88, 32, 25], 24), ("smic", [70, 51, 43], 16), ("samm", [92, 26, 15], 28)],
    )
    def test_each_database_has_its_official_share(self, union, database, clips, subjects):
        labeled = label_clips(union, SCHEMES["megc2019"])
        own = np.array([clip.database == database for clip in labeled.table])
        assert np.bincount(labeled.labels[own]).tolist() == clips
        assert len({clip.subject for clip in labeled.table if clip.database == database}) == subjects

    def test_the_composite_protocol_leaves_out_each_of_68_subjects_in_turn(self, union):
        labeled = label_clips(union, SCHEMES["megc2019"])
        splits = make_splits("loso", labeled)
        assert len(splits) == 68
        assert_partition(splits, labeled.table.groups)

    def test_holding_out_a_database_tests_each_of_three_in_turn(self, union):
        splits = make_splits("hold-out-database", label_clips(union, SCHEMES["megc2019"]))
        assert {split.name: len(split.test) for split in splits} == {"casme2": 145, "smic": 164, "samm": 133}

    def test_the_five_emotions_of_samm_are_136_clips_of_27_subjects(self, union):
        samm = ClipTable(tuple(clip for clip in union if clip.database == "samm"))
        labeled = label_clips(samm, SCHEMES["samm-5"])
        assert (len(labeled.table), len(set(labeled.table.groups))) == (136, 27)

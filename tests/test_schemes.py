"""Label schemes of your own, from a mapping or a YAML file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.protocols import label_clips
from merlab.schemes import SCHEMES, Scheme, as_scheme, find_scheme, listing, own_scheme
from tests.helpers import make_clip

TWO = "name: valence\nlabels:\n  happiness: good\n  disgust: bad\n"


def written(tmp_path, text):
    path = tmp_path / "scheme.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def table(tmp_path, *emotions):
    return ClipTable(
        tuple(make_clip(tmp_path, name=f"EP{number}", emotion=emotion) for number, emotion in enumerate(emotions))
    )


def test_a_yaml_file_gives_name_classes_and_labels(tmp_path):
    scheme = as_scheme(written(tmp_path, TWO))
    assert (scheme.name, scheme.classes) == ("valence", ("good", "bad"))
    assert dict(scheme.emotions) == {"happiness": "good", "disgust": "bad"}
    assert as_scheme(str(written(tmp_path, TWO))) == scheme


def test_classes_may_be_put_in_another_order(tmp_path):
    assert as_scheme(written(tmp_path, TWO + "classes: [bad, good]\n")).classes == ("bad", "good")


def test_labels_are_compared_in_lower_case(tmp_path):
    labeled = label_clips(
        table(tmp_path, "happiness", "disgust", "fear"), as_scheme({"Happiness ": "a", "DISGUST": "b"})
    )
    assert labeled.labels.tolist() == [0, 1]
    assert dict(labeled.left_out) == {"casme2 fear": 1}


def test_without_a_scheme_every_label_is_a_class(tmp_path):
    found = ("surprise", "fear", "disgust", "fear", "", "sadness", "anger")
    labeled = label_clips(table(tmp_path, *found), find_scheme("as-labeled"))
    assert labeled.scheme.classes == ("anger", "disgust", "fear", "sadness", "surprise")
    assert labeled.labels.tolist() == [4, 2, 1, 2, 3, 0]
    assert dict(labeled.left_out) == {"casme2 unlabeled": 1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: x", "has no mapping of labels to classes; write name: my-classes"),
        ("- a", "has no mapping"),
        ("labels: {a: x, b: 2}", "labels and classes are texts, got 2"),
        ("labels: {yes: x, b: y}", "labels and classes are texts, got True"),
        ("labels: {a: x, b: x}", "has only the class x, but at least two"),
        ("labels: {a: x, b: y}\nclasses: [x]", "classes lists x, but the labels have the classes x, y"),
        ("labels: {a: x, b: y}\nlabel: z", "unknown entries label"),
        ("labels: {a: x, b: y}\nclasses: xy", "classes is not a list of texts"),
        ("labels: {a: x, b: y}\nclasses: 5", "classes is not a list of texts"),
        ("labels: {a: x, b: y}\nclasses: [x, y, y]", "give each class once"),
        ("labels: {a: x, A: y}", "a label occurs twice"),
        ("labels: {a: x, a: y}", "'a' occurs twice"),
        ("labels: {a: Positive, b: positive, c: x}", "Positive and positive would be different classes"),
        ("name: 2020-01-01\nlabels: {a: x, b: y}", "name and description are texts"),
        ("labels: {a: x", "cannot be read as YAML"),
        ("[" * 600, "cannot be read as YAML"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(tmp_path, text, fault):
    with pytest.raises(MerlabError, match=fault) as caught:
        as_scheme(written(tmp_path, text))
    assert "scheme.yaml" in str(caught.value)


def test_a_dictionary_may_have_the_entries_of_a_file(tmp_path):
    labels = {"happiness": "good", "disgust": "bad"}
    stated = {"name": "valence", "labels": labels}
    assert as_scheme(stated) == as_scheme(written(tmp_path, TWO))
    assert as_scheme({**stated, "classes": ["bad", "good"]}).classes == ("bad", "good")
    assert as_scheme({"labels": labels}).name == as_scheme(labels).name == "your-own"


def test_labels_may_be_a_label():
    assert as_scheme({"labels": "good", "disgust": "bad"}).classes == ("good", "bad")


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        (
            {"name": "x", "labels": ["a"]},
            "the dictionary of a scheme has no mapping of labels to classes; write",
        ),
        (
            {"name": "x", "description": "", "classes": ["x", "y"], "emotions": {"a": "x", "b": "y"}},
            "the dictionary of a scheme has no mapping of labels to classes; write name: my-classes, labels: ",
        ),
        ({"labels": {"a": "x", "b": "y"}, "order": 1}, "the dictionary of a scheme has unknown entries order"),
        (
            {"labels": {"a": "x", "b": "y"}, "classes": ["x"]},
            "the dictionary .*: scheme your-own: classes lists x",
        ),
        ({"x": ["a", "b"]}, r"labels and classes are texts, got \['a', 'b'\]; give each label one class"),
        (3, "a scheme is the name of one, a YAML file, a Scheme or a dictionary from label to class, got 3"),
        (["casme2-5"], r"a scheme is the name of one, .*, got \['casme2-5'\]"),
        (None, "a scheme is the name of one, .*, got None"),
    ],
)
def test_what_is_no_scheme_is_refused(stated, fault):
    with pytest.raises(MerlabError, match=fault):
        as_scheme(stated)


def test_a_scheme_made_in_python_lists_the_classes_of_its_labels():
    with pytest.raises(MerlabError, match="scheme x: classes lists a, but the labels have the classes a, b"):
        Scheme("x", "", ("a",), {"fear": "a", "disgust": "b"})


def test_labels_of_a_scheme_made_in_python_are_compared_as_those_of_clips(tmp_path):
    """A label with a capital letter would be that of no clip."""
    omitted = frozenset({("casme2", "Others ")})
    scheme = Scheme("x", "", ("a", "b"), {"Happiness": "a", "Others": "b"}, omitted_emotions=omitted)
    labels = [scheme.label(make_clip(tmp_path, emotion=emotion)) for emotion in ("happiness", "others")]
    assert labels == ["a", None]


def test_a_label_that_a_scheme_made_in_python_gives_twice_is_refused():
    with pytest.raises(MerlabError, match="scheme x: a label occurs twice"):
        Scheme("x", "", ("a", "b"), {"fear": "a", "Fear": "b", "disgust": "a"})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"nothing.yml cannot be read"):
        as_scheme(tmp_path / "nothing.yml")


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z"]), min_size=2))
def test_a_scheme_gives_every_label_its_class_and_lists_each_class_once(labels):
    if len(set(labels.values())) < 2:
        return
    scheme = own_scheme("any", labels)
    assert dict(scheme.emotions) == labels
    assert sorted(scheme.classes) == sorted(set(labels.values()))


def test_the_listing_has_a_row_per_scheme():
    assert list(listing().index) == list(SCHEMES)


# Rows per emotion of the coding tables, and the official list of MEGC2019; the sums are those that papers report.
@pytest.mark.parametrize(
    ("scheme", "data", "total"),
    [
        ("casme2-5", "casme2, table of 2014", 246),
        ("casme2-5", "casme2, table of 2019", 249),
        ("casme2-5-merged", "casme2, table of 2014", 255),
        ("casme2-4", "casme2, table of 2019", 255),
        ("megc2019", "casme2, table of 2014", 145),
        ("megc2019", "smic, HS", 164),
        ("megc2019", "samm, table v2", 133),
        ("samm-5", "samm, table v2", 136),
        ("casme-8", "casme, coding table", 189),
        ("casme-4", "casme, coding table", 172),
        ("objective-5", "casme2, table of 2014", 185),
        ("objective-5", "samm, table v2", 68),
        ("objective-7", "casme2, table of 2014", 255),
        ("objective-7", "samm, table v2", 159),
    ],
)
def test_a_scheme_has_the_published_number_of_clips_for_each_version_of_a_table(scheme, data, total):
    counts = find_scheme(scheme).published[data]
    assert counts is not None
    assert sum(counts) == total
    (line,) = [line for line in listing().loc[scheme, "published"] if line.startswith(f"{data}: {total} (")]
    assert line.count(",") == len(counts)


@pytest.mark.parametrize(("scheme", "data"), [("objective-5", "casme2, table of 2019"), ("smic-3", "smic, NIR")])
def test_counts_that_are_not_known_are_listed_as_not_known(scheme, data):
    assert f"{data}: not known" in listing().loc[scheme, "published"]


# Clips of each emotion by the coding tables: Yan et al. 2014, the corrected table of 2019, Davison et al. 2018, and Li
# et al. 2023.
CASME2 = {"happiness": 32, "disgust": 63, "repression": 27, "surprise": 25, "others": 99, "sadness": 7, "fear": 2}
CASME3 = {"disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sadness": 57, "happiness": 55}
LABELS = {
    "casme2, table of 2014": CASME2,
    "casme2, table of 2019": {**CASME2, "surprise": 28, "sadness": 4},
    "samm, table v2": {
        **{"anger": 57, "happiness": 26, "other": 26, "surprise": 15, "contempt": 12},
        **{"disgust": 9, "fear": 8, "sadness": 6},
    },
    "casme3, table v2": CASME3,
}


@pytest.mark.parametrize(
    ("scheme", "data"),
    [
        *(
            (name, f"casme2, table of {year}")
            for name in ("casme2-5", "casme2-5-merged", "casme2-4")
            for year in (2014, 2019)
        ),
        *((name, "samm, table v2") for name in ("samm-5", "megc2019")),
        *((name, "casme3, table v2") for name in ("casme3-4", "casme3-7")),
    ],
)
def test_each_label_counts_in_the_class_that_the_published_numbers_have(scheme, data):
    found = find_scheme(scheme)
    counts = dict.fromkeys(found.classes, 0)
    for emotion, clips in LABELS[data].items():
        if emotion in found.emotions:
            counts[found.emotions[emotion]] += clips
    assert tuple(counts.values()) == found.published[data]


def test_no_emotion_of_a_database_has_another_sign_than_in_megc2019():
    """The schemes of few classes tell positive from negative; disgust, anger, fear and sadness are not positive."""
    megc = find_scheme("megc2019").emotions
    for scheme in SCHEMES.values():
        for emotion, of in scheme.emotions.items():
            if of in ("positive", "negative") and emotion != of:
                assert megc[emotion] == of

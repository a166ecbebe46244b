"""Texts that may be one word in two spellings."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from merlab.spelling import (
    alike,
    as_label,
    as_typed,
    decimals,
    first_of,
    one_letter_apart,
    percent,
    person,
    quoted,
    seconds_text,
    tenths_of_seconds,
    three_decimals,
    told_apart,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("happy", "hapy"),
        ("happy", "happpy"),
        ("happy", "hippy"),
        ("happy", "hapyp"),
        ("other", "others"),
        ("ape", "apex"),
    ],
)
def test_words_that_differ_by_a_letter_that_is_wrong_missing_added_or_exchanged(one, other):
    assert one_letter_apart(one, other)
    assert one_letter_apart(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("happy", "happy"), ("happy", "sad"), ("casme", "casme2"), ("casme2", "casme3"), ("a", "b"), ("happy", "ahppyx")],
)
def test_other_words_digits_and_short_words_do_not(one, other):
    assert not one_letter_apart(one, other)
    assert not one_letter_apart(other, one)


def test_digits_count_where_they_are_requested():
    assert one_letter_apart("class", "c9ass", digits=True)
    assert one_letter_apart("casme", "casme2", digits=True)


def test_texts_that_differ_by_case_blanks_width_or_zeros_are_alike():
    assert alike(["a", "A ", "\uff21", "b", "01", "1.0", "1"]) == [["01", "1", "1.0"], ["A ", "a", "\uff21"]]
    assert alike(["0a", "a", "00", "s01", "s1"]) == []


def test_letters_of_other_alphabets_that_look_like_latin_ones_are_alike_in_any_case():
    """A keyboard that was switched gives the Cyrillic A (U+0410, U+0430) or the Greek one (U+0391, U+03B1)."""
    assert alike(["anna", "\u0430nna", "\u0391NNA"]) == [["anna", "\u0391NNA", "\u0430nna"]]
    # In each case as in the other: the Cyrillic capitals of "net" look like HET.
    assert alike(["\u041d\u0435\u0442", "\u043d\u0435\u0442"]) == [["\u041d\u0435\u0442", "\u043d\u0435\u0442"]]
    assert alike(["\u0433\u043d\u0435\u0432", "\u0441\u0442\u0440\u0430\u0445", "anger"]) == []


@pytest.mark.parametrize("micro", ["\u00b5", "\u03bc"])
def test_the_sign_of_micro_is_no_m(micro):
    """Classes may be called by it, and units are: 5 µs are no 5 ms."""
    assert alike([micro, "m", "M", f"5{micro}s", "5ms"]) == [["M", "m"]]
    assert told_apart({micro, "m"}) == f"m and {micro}"


@pytest.mark.parametrize(
    "names",
    [
        ("1", "01", "1.0", " 1", "sub01", "Subject 1", "participant_01"),
        ("sub01", "SUB01", "sub 01", "Sub1", "sub-1", "sub_01"),
        ("P1", "p_01", "P-1", "P.1"),
        ("s\u00e9", "se\u0301"),
    ],
)
def test_names_that_one_person_may_have_in_a_table(names):
    assert len({person(name) for name in names}) == 1


def test_names_of_different_people():
    names = ("1", "10", "100", "p1", "s1", "s10", "s1-2", "s12", "sub2", "anna", "sub1b")
    assert len({person(name) for name in names}) == len(names)


def test_of_many_texts_the_first_are_named_and_the_others_counted():
    assert first_of(["a", "b", "c"], 3) == "a, b, c"
    assert first_of(iter("abcde"), 2, "; ") == "a; b and 3 more"


def test_a_long_text_is_cut_in_a_message():
    assert quoted("9" * 50) == f"'{'9' * 40}...'"
    assert quoted("short") == "'short'"


@pytest.mark.parametrize(
    "label",
    ["Low Arousal", " low  arousal ", "low\xa0arousal", "low arousal\u200b", "\ufefflow arousal", "low\tarousal"],
)
def test_a_label_has_one_spelling_whatever_its_case_and_blanks(label):
    assert as_label(label) == "low arousal"


def test_a_label_has_one_spelling_whatever_its_unicode_form_and_fraction():
    assert as_label("Überraschung") == as_label("u\u0308berraschung") == "überraschung"
    assert as_label("1.0") == as_label("1") == "1"


def test_texts_that_look_the_same_are_told_apart_by_the_codes_of_what_cannot_be_seen():
    assert told_apart({"anna", "Anna"}) == "Anna and anna"
    assert told_apart({"anna", "anna\u200b"}) == "anna and anna\\u200b"
    assert told_apart({"Müller", "Mu\u0308ller"}) == "Mu\\u0308ller and Müller"
    assert told_apart({"anna", "\u0430nna"}) == "anna and \\u0430nna"
    assert told_apart({"\u0430\u0441", "\u0430\u0441\u200b"}) == "\u0430\u0441 and \u0430\u0441\\u200b"
    assert told_apart({"anna", "anna\u200b", "\u0430nna"}) == "anna and anna\\u200b and \\u0430nna"
    assert told_apart({"\u0433\u043d\u0435\u0432", "anger"}) == "anger and \u0433\u043d\u0435\u0432"


@pytest.mark.parametrize(("seconds", "text"), [(0.48, "0.48"), (12.34, "12.3"), (999.7, "1000"), (3600.4, "3600")])
def test_seconds_are_never_in_powers_of_ten(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0"), (0.005, "0.005"), (0.049, "0.049"), (0.05, "0.1"), (3.78, "3.8"), (60, "60.0")]
)
def test_tenths_of_seconds_have_more_digits_where_they_would_be_none(seconds, text):
    assert tenths_of_seconds(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0"), (1 / 250, "<1"), (0.005001, "1"), (0.38, "38"), (248 / 250, "99"), (249 / 250, ">99"), (1, "100")],
)
def test_only_all_is_100_percent_and_only_nothing_is_0_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1.000"), (1 - 1e-12, "1.000"), (2499 / 2500, "0.999"), (-0.9999, "-0.999"), (0.7126, "0.713")],
)
def test_three_decimals_read_1_only_for_1(value, text):
    assert three_decimals(value) == text


@pytest.mark.parametrize(("value", "text"), [(-0.04, "0.0"), (-0.06, "-0.1"), (2.25, "2.2"), (12, "12.0")])
def test_what_rounds_to_0_has_no_minus(value, text):
    assert decimals(value, 1) == text


def test_three_decimals_that_read_0_have_no_sign():
    assert three_decimals(-0.0004) == "0.000"


@pytest.mark.parametrize("value", [0.0005, 0.0025, 0.0075, 0.4985, -0.0025])
def test_three_decimals_of_numbers_of_numpy_are_those_of_python(value):
    """The nearest to the number itself; numpy rounds its thousandfold, where .0025 becomes a tie."""
    assert three_decimals(np.float64(value)) == three_decimals(value) == f"{value:.3f}"


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        (r"C:\data\CASME2", r"C:\data\CASME2"),
        ("D:/data/my_clips.csv", "D:/data/my_clips.csv"),
        (r"C:\Users\Anna Maria\a.mp4", r'"C:\Users\Anna Maria\a.mp4"'),
        # cmd would end the command at &.
        (r"C:\a&b", r'"C:\a&b"'),
        ("", '""'),
        # Microsoft, "Parsing C command-line arguments": \" is a quote, \\" a backslash before one.
        ('selection={"a": 1}', r'"selection={\"a\": 1}"'),
        ("C:\\my data\\", r'"C:\my data\\"'),
        (r"a\"b c", r'"a\\\"b c"'),
    ],
)
def test_a_command_has_the_quotes_of_the_system(monkeypatch, word, typed):
    """In cmd, single quotes are letters like others."""
    monkeypatch.setattr("sys.platform", "win32")
    assert as_typed("merlab", word, "--again") == f"merlab {typed} --again"
    monkeypatch.setattr("sys.platform", "linux")
    assert shlex.split(as_typed("merlab", word)) == ["merlab", word]

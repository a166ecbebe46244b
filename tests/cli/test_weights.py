"""Weights of your own, as a user trains and inspects them, mistakes included."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from safetensors.torch import load_file, save_file

from merlab.models.card import TrainedOn
from merlab.models.recognizer import load_recognizer
from merlab.models.shipped import CARD
from tests.helpers import write_flow_tree
from tests.videos.recognizers import small_recognizer

SUBJECTS = ("sub01", "sub02", "sub03", "sub04", "s1", "s2", "s3", "s4")
SMALL = ("--method", "ststnet", "--preset", "reduced", "--seeds", 1)


@pytest.mark.slow
def test_weights_from_your_own_database_have_a_card(merlab, tmp_path):
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    status, out, err = merlab("pretrain", "mine.safetensors", "--database", "ststnet-flow", "--root", flow, *SMALL)
    assert status == 0, err
    assert "written: mine.safetensors; intermediate files are in mine-work" in out
    card = json.loads(merlab("weights", "mine.safetensors", "--json")[1])
    assert [row["method"] for row in card["scores"]] == ["constant", "random", "linear-svm", "ststnet"]
    assert card["trained_on"]["databases"] == ["casme2", "smic"]
    assert "SYNTHETIC" not in card["stamps"]
    assert card["command"].startswith("merlab pretrain mine.safetensors --database ststnet-flow --root ROOT")
    assert str(tmp_path) not in card["command"]
    assert len(card["sha256"]) == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--database", "ststnet-flow"), "one --root for each --database"),
        (("--score-on", "ststnet-flow"), "one --score-root for each --score-on"),
        (("--scheme", "gone"), "label scheme"),
        (("--method", "linear-svm"), "not a network"),
        (("--method", "ststnet", "--preset", "flow28"), "no preset"),
        (("--method", "ststnet", "--preset", "reduced", "--members", 2), "has no option 'members'"),
        (("--synthetic", "gone"), "gone does not hold complete SYNTHETIC flow; `merlab make-flow gone`"),
        (("--from", "gone.safetensors"), "gone.safetensors does not exist"),
    ],
)
def test_a_mistake_is_named_before_any_work(merlab, tmp_path, arguments, message):
    status, _, err = merlab("pretrain", "mine.safetensors", *arguments)
    assert status == 1
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("mine*"))


@pytest.mark.parametrize("given", ["--synthetic", "--database"])
def test_a_number_of_synthetic_subjects_is_not_ignored_beside_given_clips(merlab, tmp_path, given):
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    clips = ("--synthetic", flow) if given == "--synthetic" else ("--database", "ststnet-flow", "--root", flow)
    status, _, err = merlab("pretrain", "mine.safetensors", *clips, "--subjects", 10)
    assert (status, "subjects (10) describes SYNTHETIC flow that is made" in err) == (1, True)


def test_weights_are_written_under_a_name_by_which_they_can_be_read(merlab, tmp_path):
    status, _, err = merlab("pretrain", "mine.pth")
    assert (status, "mine.pth: the name of a file of weights ends in .safetensors" in err) == (1, True)
    assert not list(tmp_path.glob("mine*"))


def test_a_database_is_scored_once(merlab, tmp_path):
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    twice = ("--score-on", "ststnet-flow", "--score-root", flow) * 2
    status, _, err = merlab("pretrain", "mine.safetensors", *twice, *SMALL)
    assert (status, "--score-on names a database twice" in err) == (1, True)


def test_a_database_is_trained_on_once(merlab, tmp_path):
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    status, _, err = merlab("pretrain", "mine.safetensors", *("--database", "ststnet-flow", "--root", flow) * 2)
    assert (status, "given twice, such as" in err, "give each database once" in err) == (1, True, True)


@pytest.mark.slow
def test_the_card_has_no_folder_of_the_machine_however_it_was_typed(merlab, tmp_path):
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    merlab("pretrain", "mine.safetensors", "--database=ststnet-flow", f"--root={flow}", f"--cache={tmp_path}", *SMALL)
    command = json.loads(merlab("weights", "mine.safetensors", "--json")[1])["command"]
    assert "--root=ROOT --cache=CACHE --method ststnet" in command
    assert str(tmp_path) not in command


def test_too_few_subjects_leave_nothing_behind(merlab, flow, tmp_path):
    status, _, err = merlab("pretrain", "mine.safetensors", "--database", "ststnet-flow", "--root", flow, *SMALL)
    assert status == 1
    assert "at least 6 are needed" in err
    assert not list(tmp_path.glob("mine*"))


def test_a_folder_is_no_file_of_weights(merlab):
    status, _, err = merlab("weights", ".")
    assert (status, ". is a folder; give a file of `merlab pretrain`, or none" in err) == (1, True)


def test_a_file_without_weights_is_named(merlab, tmp_path):
    (tmp_path / "text.safetensors").write_text("no weights")
    status, _, err = merlab("weights", "text.safetensors")
    assert status == 1
    assert "not a complete safetensors file" in err


@pytest.mark.slow
def test_weights_from_synthetic_faces_are_stamped_and_scored_elsewhere(merlab, tmp_path):
    elsewhere = write_flow_tree(tmp_path / "elsewhere")
    command = ("pretrain", "synthetic.safetensors", "--subjects", 6, "--clips", 3, "--jobs", 1, *SMALL)
    status, _, err = merlab(*command, "--score-on", "ststnet-flow", "--score-root", elsewhere)
    assert status == 0, err
    card = json.loads(merlab("weights", "synthetic.safetensors", "--json")[1])
    assert card["stamps"] == ["SYNTHETIC", "REDUCED"]
    assert {row["what"] for row in card["scores"]} == {"held-out subjects", "ststnet-flow"}


def test_a_file_is_scored_on_a_database_without_its_labels_being_used(merlab, flow, tmp_path):
    small_recognizer().save(tmp_path / "small.safetensors")
    scored = ("weights", "small.safetensors", "--score-on", "ststnet-flow", "--score-root", flow)
    status, out, err = merlab(*scored)
    assert status == 0, err
    assert "small on ststnet-flow · SYNTHETIC" in out
    facts = json.loads(merlab(*scored, "--json")[1])
    keys = {"uf1", "uar", "accuracy", "majority_accuracy", "confidence", "calibration_error", "clips"}
    assert keys <= facts.keys()
    assert all(keys <= of.keys() for of in facts["by_database"].values())
    assert facts["by_database"].keys() == {"casme2", "smic", "samm"}
    assert facts["stamps"] == ["SYNTHETIC"]
    assert len(facts["sha256"]) == 64
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "flow", "small.safetensors"}


def test_a_score_on_training_subjects_is_refused(merlab, flow, tmp_path):
    trained = TrainedOn(databases=("smic",), clips=9, subjects=3)
    small_recognizer(trained_on=trained).save(tmp_path / "small.safetensors")
    status, _, err = merlab("weights", "small.safetensors", "--score-on", "ststnet-flow", "--score-root", flow)
    assert (status, "small was trained on smic" in err, "Traceback" in err) == (1, True, False)


@pytest.fixture
def renamed(merlab, tmp_path):
    """Weights trained on the clips in ``flow``, under the name of another database."""
    flow = write_flow_tree(tmp_path / "flow", SUBJECTS)
    merlab("pretrain", "mine.safetensors", "--database", "ststnet-flow", "--root", flow, *SMALL)
    recognizer = load_recognizer(tmp_path / "mine.safetensors")
    assert recognizer.card.training_inputs
    card = recognizer.card.model_copy(update={"trained_on": TrainedOn(databases=("another",), clips=9, subjects=6)})
    return replace(recognizer, card=card).save(tmp_path / "renamed.safetensors")


@pytest.mark.slow
def test_weights_from_a_start_are_not_scored_on_its_training_clips(merlab, renamed, tmp_path):
    other = write_flow_tree(tmp_path / "other", SUBJECTS, seed=1)
    started = ("pretrain", "started.safetensors", "--from", "renamed.safetensors", "--database", "ststnet-flow")
    status, _, err = merlab(*started, "--root", tmp_path / "flow", "--seed", 2, *SMALL)
    assert (status, "renamed.safetensors was trained on" in err, "the held-out subjects" in err) == (1, True, True)
    assert merlab(*started, "--root", other, *SMALL)[0] == 0
    card = load_recognizer(tmp_path / "started.safetensors").card
    assert set(renamed.card.training_inputs) < set(card.training_inputs)


@pytest.mark.slow
def test_training_clips_under_the_name_of_another_database_are_refused(merlab, renamed, tmp_path):
    flow = tmp_path / "flow"
    scored = ("--score-on", "ststnet-flow", "--score-root", flow)
    status, _, err = merlab("weights", "renamed.safetensors", *scored)
    assert (status, "of the clips of ststnet-flow, such as" in err) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--score-on", "ststnet-flow"], "give one --score-root for each --score-on"),
        (["--score-root", "."], "give one --score-root for each --score-on"),
        (["--table", "codes.xlsx"], "--table belongs to a database; add --score-on and --score-root"),
        (["--aligned"], "--aligned belongs to a database"),
        (["--scheme", "casme2-5"], "--scheme belongs to a database"),
        (["--jobs", 1], "--jobs belongs to a database"),
    ],
)
def test_options_of_a_score_are_not_ignored_without_a_database(merlab, options, message):
    status, _, err = merlab("weights", *options)
    assert (status, message in err, "Traceback" in err) == (1, True, False)


def test_the_shown_file_is_checked(merlab, tmp_path):
    file = tmp_path / "small.safetensors"
    small_recognizer().save(file)
    assert "their digest matches" in merlab("weights", file)[1]
    assert json.loads(merlab("weights", file, "--json")[1])["verified"] is True
    save_file(load_file(file), file, {CARD: small_recognizer().card.model_dump_json()})
    assert "Not checked: this file is older" in merlab("weights", file)[1]
    assert json.loads(merlab("weights", file, "--json")[1])["verified"] is False
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\xc0\x7f")
    status, _, err = merlab("weights", file)
    assert (status, "small.safetensors is damaged" in err, "Traceback" in err) == (1, True, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--table", "codes.xlsx"], "--table is the coding table of a database; add --database"),
        (["--aligned"], "--aligned describes the --database; add --database"),
        (["--aligned", "--score-on", "casme2", "--score-root", "."], "--aligned describes the --database"),
        (
            ["--table", "codes.xlsx", "--database", "casme2", "--root", ".", "--score-on", "samm", "--score-root", "."],
            "--table codes.xlsx: of which database? write --table casme2=FILE",
        ),
        (["--table", "codes.xlsx", "--score-on", "casme2", "--score-root", "."], "codes.xlsx does not exist"),
        (["--table", "casme2=", "--database", "casme2", "--root", "."], "--table casme2= names no file; write --table"),
    ],
)
def test_options_of_a_database_are_not_ignored_without_one(merlab, options, message):
    status, _, err = merlab("pretrain", "mine.safetensors", *options)
    assert status == 1
    assert message in err

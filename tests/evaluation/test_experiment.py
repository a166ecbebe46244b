"""A folder keeps what is complete, also after an error; a damaged run.json is named and never ends in a crash."""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager, suppress

import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.evaluation import versions
from merlab.evaluation.engines import LocalEngine
from merlab.evaluation.experiment import run_plan
from merlab.evaluation.predictions import read_predictions
from merlab.evaluation.run_record import (
    DataFacts,
    MethodFacts,
    RunRecord,
    StartFacts,
    SyntheticFlowFacts,
    read_record,
)
from merlab.json_models import write_model
from tests.evaluation.guessing import Guessing
from tests.helpers import files_in, flow_plan, write_flow_tree

DATA = DataFacts(
    scheme="megc2019",
    scheme_description="three classes",
    classes=["negative", "positive", "surprise"],
    protocol="loso",
    folds=24,
    clips=145,
    subjects=24,
    clips_per_class={"negative": 88, "positive": 32, "surprise": 25},
    clips_per_database={"casme2": 145},
    left_out={},
    apex_sources={"annotated": 145},
    stamps=[],
)
METHOD = MethodFacts(
    method="constant",
    title="Constant",
    paper="",
    preset="default",
    preset_source="merlab",
    network={},
    settings=None,
    input="flow",
    seeds=[0],
    stamps=[],
)


@pytest.fixture
def file(tmp_path):
    record = RunRecord.model_validate(
        {
            "started": "2026-01-02T03:04:05Z",
            "databases": [],
            "data": DATA,
            "methods": [METHOD],
            "versions": {"merlab": "0.2.0"},
            "hardware": "one core",
        }
    )
    write_model(tmp_path / "run.json", record)
    return tmp_path / "run.json"


def test_a_sound_record_is_read(file):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = read_record(file)
    assert (record.data, record.methods) == (DATA, [METHOD])


@pytest.mark.parametrize(
    ("is_sealed", "by"), [(True, "another program removed it"), (False, "an earlier merlab wrote it, or")]
)
def test_a_record_whose_digest_was_removed_is_marked(file, is_sealed, by):
    content = json.loads(file.read_text()) | {"sealed": is_sealed}
    content["data"]["stamps"] = []
    del content["content_digest"]
    file.write_text(json.dumps(content))
    with pytest.warns(UserWarning, match=rf"run\.json has no digest \({by}.*stamps cannot be noticed"):
        assert read_record(file).data == DATA


def test_a_record_for_readers_elsewhere_counts_the_changed_clips_and_names_none():
    changes = {"casme2/sub01/EP01": "apex completed", "casme2/sub02/EP02": "onset doubted", "smic/s1/s1_po": "other"}
    shared = DATA.model_copy(update={"changes": changes}).shareable
    assert shared == DATA.model_copy(update={"changes": {"casme2": "2 clips", "smic": "1 clip"}})


def test_a_method_with_code_weights_or_flow_of_its_own_cannot_be_run_from_its_record_alone():
    flow = SyntheticFlowFacts(name="flow-clips", digest="f10", subjects=2, clips=4)
    start = StartFacts(name="start", sha256="5ea1", digest="d16e57", method="constant")
    assert not METHOD.needs_files
    for change in ({"origin": "object"}, {"synthetic": flow}, {"starts": [start]}):
        assert METHOD.model_copy(update=change).needs_files


WRONG = ("9" * 400, "9" * 5000, "1e999", "NaN", "[" * 5000, "null")


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("field", ["started", "databases", "data", "versions", "hardware"])
def test_a_value_of_the_wrong_kind_is_named_with_its_file(file, field, value):
    ours = json.loads(file.read_text())
    others = {name: content for name, content in ours.items() if name not in {field, "content_digest"}}
    file.write_text(json.dumps(others)[:-1] + f', "{field}": {value}}}')
    with pytest.raises(MerlabError, match=r"run\.json"):
        read_record(file)


def test_a_record_with_any_fault_is_named_or_read_and_never_crashes(file):
    random, sound = np.random.default_rng(11), file.read_bytes()
    for _ in range(300):
        damaged = bytearray(sound)
        for place in random.integers(len(sound), size=int(random.integers(1, 4))):
            damaged[place] = int(random.integers(256))
        file.write_bytes(damaged)
        with suppress(MerlabError):
            assert isinstance(read_record(file), RunRecord)


class Failing:
    def fit(self, inputs, labels):
        raise ValueError("no convergence")

    def predict_proba(self, inputs):
        raise AssertionError("it is not fitted")


class Folder:
    """A folder in which methods are run on six clips of two subjects."""

    def __init__(self, path):
        self.out, self.flow = path / "run", write_flow_tree(path / "flow", ("sub01", "sub02"), each=1)
        self.reported = []

    def run(self, *methods, **options):
        plan = flow_plan(self.flow, methods, **{"seeds": 1, **options})
        run_plan(plan, self.out, engine=LocalEngine(1), progress=lambda *report: self.reported.append(report))

    def content(self):
        """The recorded methods, and the number of predictions of each."""
        table, record = read_predictions(self.out / "predictions.parquet"), read_record(self.out / "run.json")
        assert record.sealed
        return [method.method for method in record.methods], table["method"].value_counts().to_dict()


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_an_added_method_leaves_the_earlier_ones_and_what_a_killed_process_left_goes(folder):
    folder.run("constant", Guessing)
    (unfinished := folder.out / ".unfinished-1-run.json").touch()
    os.utime(unfinished, (0, 0))
    folder.run("random")
    assert folder.reported[-3:] == [
        (2, 4, "2 of 4 found done"),
        (3, 4, "random seed 0 fold casme2/sub01"),
        (4, 4, "random seed 0 fold casme2/sub02"),
    ]
    assert folder.content() == (["guessing", "constant", "random"], {"guessing": 6, "constant": 6, "random": 6})
    assert not unfinished.exists()


@pytest.mark.parametrize("recipe", [None, "flow:channels=uv,size=28x28"])
def test_a_method_of_your_own_on_frames_that_changed_since_does_not_stand_beside_one_on_new_frames(folder, recipe):
    folder.run("random", Guessing)
    folder.run("constant", input=recipe)
    image = next(folder.flow.rglob("*.png"))
    cv2.imwrite(str(image), np.random.default_rng(1).integers(256, size=(28, 28, 3), dtype=np.uint8))
    with pytest.raises(MerlabError, match="predictions of guessing from other inputs: frames, .*; pass it again"):
        folder.run("random", input=recipe)
    assert folder.content()[0] == ["guessing", "random", "constant"]
    folder.run("constant", Guessing)
    assert folder.content()[0] == ["random", "constant", "guessing"]


def test_a_mark_that_the_inputs_of_a_finished_method_gave_stays(folder):
    """The two images agree in u and v, and not in the strain."""
    image = np.random.default_rng(1).integers(4, size=(28, 28, 3), dtype=np.uint8)
    for strain, subject in enumerate(("sub01", "sub02")):
        image[0, 0, 0] = strain
        cv2.imwrite(str(folder.flow / subject / "u_test" / "0" / f"{subject}_EP99_01.png"), image)
    with pytest.warns(UserWarning, match="sub01_EP99_01 and .*sub02_EP99_01 have the same input"):
        folder.run(Guessing, input="flow:channels=uv,size=28x28")
    folder.run("constant", input="flow:channels=uvs,size=28x28")
    assert read_record(folder.out / "run.json").data.stamps == ["SHARED FRAMES: 2 clips"]


def test_a_method_that_fails_leaves_the_complete_ones_and_the_earlier_ones_as_they_were(folder):
    folder.run("random", seeds=2)
    (folder.out / "metrics.json").write_text("of the earlier predictions")
    with pytest.raises(MerlabError, match="no convergence"):
        folder.run("constant", Failing(), "random", seeds=3)
    assert folder.content() == (["random", "constant"], {"random": 12, "constant": 6})
    assert not (folder.out / "metrics.json").exists()


def test_an_unfinished_method_of_your_own_or_another_protocol_needs_another_folder(folder):
    folder.run(Guessing)
    with pytest.raises(MerlabError, match=r"run of other clips, .*\(6 clips, megc2019, loso, 2 folds\); give another"):
        folder.run("constant", protocol="kfold", folds=2, scheme={"negative": "a", "positive": "b", "surprise": "c"})
    next((folder.out / "parts").rglob("*.parquet")).unlink()
    with pytest.raises(MerlabError, match="an unfinished run of guessing, with code of your own; run its command"):
        folder.run("constant")


@pytest.fixture
def older(monkeypatch):
    """While it is open, merlab is another version."""

    @contextmanager
    def changed():
        with monkeypatch.context() as patched:
            patched.setattr(versions, "__version__", "0.2.0")
            yield

    return changed


def test_what_another_merlab_began_is_made_anew_with_a_warning(folder, older):
    with older():
        folder.run("constant")
    (folder.out / "predictions.parquet").unlink()
    with pytest.warns(UserWarning, match=r"anew: it was made with merlab 0\.2\.0\+\w+, and this is merlab 0\.3"):
        folder.run("random")
    assert (0, 4, "starting") in folder.reported
    assert folder.content() == (["constant", "random"], {"constant": 6, "random": 6})
    assert read_predictions(folder.out / "predictions.parquet")["run"].nunique() == 2
    assert len(list((folder.out / "parts").iterdir())) == 3


@pytest.mark.parametrize(
    ("method", "lost", "fault"),
    [
        ("constant", "metrics.json", "finished predictions, which stay"),
        (Guessing, "metrics.json", "finished predictions, which stay"),
        (Guessing, "predictions.parquet", "an unfinished run of guessing"),
    ],
)
def test_what_another_merlab_finished_stays_and_does_not_stand_beside_new_predictions(
    folder, older, method, lost, fault
):
    """Of a method of your own also where the run is unfinished: its code may be absent."""
    with older():
        folder.run(method)
    (folder.out / lost).unlink(missing_ok=True)
    before = files_in(folder.out)
    with pytest.raises(MerlabError, match=rf"{fault}.*: it was made with merlab 0\.2\.0.*another folder"):
        folder.run("random")
    assert files_in(folder.out) == before


@pytest.mark.slow
def test_an_unfinished_method_of_your_own_under_another_merlab_is_made_anew_if_it_is_passed_again(folder, older):
    with older():
        folder.run(Guessing)
    (folder.out / "predictions.parquet").unlink()
    with pytest.raises(MerlabError, match="Pass it again together with the new ones"):
        folder.run("constant")
    with pytest.warns(UserWarning, match="are made anew"):
        folder.run("constant", Guessing)
    assert folder.content() == (["constant", "guessing"], {"guessing": 6, "constant": 6})


@pytest.mark.slow
def test_an_error_leaves_predictions_of_another_merlab_alone_or_new_ones_alone(folder, older):
    with older():
        folder.run("constant", "random")
    before = read_record(folder.out / "run.json")
    (folder.out / "predictions.parquet").unlink()
    next((folder.out / "parts").rglob("*.parquet")).unlink()
    with pytest.warns(UserWarning, match="are made anew"), pytest.raises(MerlabError, match="no convergence"):
        folder.run(Failing(), "constant", "random")
    assert read_record(folder.out / "run.json") == before
    with pytest.warns(UserWarning, match="are made anew"), pytest.raises(MerlabError, match="no convergence"):
        folder.run("constant", Failing(), "random")
    assert folder.content() == (["constant"], {"constant": 6})
    assert read_record(folder.out / "run.json").versions == versions.versions()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"input": "flow:channels=uvs,size=28x28,version=9"},
            "requests version 9 of flow",
        ),
        ({"method": "former-svm"}, "unknown method 'former-svm'"),
        ({"preset": "former"}, "'former'"),
    ],
)
def test_a_method_that_this_merlab_has_otherwise_is_named_with_the_folder_and_the_remedy(folder, changes, fault):
    folder.run("linear-svm")
    record = read_record(folder.out / "run.json")
    methods = [record.methods[0].model_copy(update=changes)]
    write_model(folder.out / "run.json", record.model_copy(update={"methods": methods}))
    with pytest.raises(
        MerlabError, match=f"run holds a run of {methods[0].method} .*{fault}.*pass it again"
    ) as refused:
        folder.run("constant")
    assert "give another folder" in str(refused.value)

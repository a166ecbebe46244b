"""Decisions of coders: saved as they are made, beside the tables of the machine, and never over an unseen one."""

from __future__ import annotations

import csv
import errno
import io
import json
from pathlib import Path, PureWindowsPath
from typing import Any, TypeAlias, cast

import pytest

from merlab.coding.importing import import_coding
from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.outputs.locks import only_writer
from merlab.serving import coding
from merlab.serving.limits import RefusedError
from merlab.videos.result import METADATA
from tests.serving.conftest import listening
from tests.serving.done_job import ID, write_done_job
from tests.videos.fake_result import stored_metadata

Row: TypeAlias = "dict[str, Any]"
CODING = f"/api/jobs/{ID}/coding"


@pytest.fixture
def result(tmp_path) -> Path:
    return write_done_job(tmp_path / "jobs", seconds=4.0, pictures=False)


@pytest.fixture
def client(result):
    with listening(result.parents[1]) as client:
        yield client.http


def test_an_error_names_a_file_without_its_folder_on_windows_too(monkeypatch):
    monkeypatch.setattr("os.sep", "\\")
    folder = PureWindowsPath(r"C:\jobs\4f\result")
    with pytest.raises(RefusedError, match=r"^coding\.csv is damaged$"), coding._without_paths(cast(Path, folder)):
        raise MerlabError(f"{folder / 'coding.csv'} is damaged")


def event(client, position: int = 0) -> Row:
    events: list[Row] = client.get(f"/api/jobs/{ID}/events").json()
    return events[position]


def decision(movement: Row, verdict: str = "accept", **changed) -> Row:
    same = {name: movement[name] for name in ("event", "face_id", "onset", "apex", "offset")}
    return {**same, "decision": verdict, "action_units": "", "label": "", "comment": "", "coder": "AB", **changed}


def post(client, seen: Row | None, new: Row | None):
    return client.post(CODING, json={"seen": seen, "decision": new})


def rows(result: Path) -> list[Row]:
    return list(csv.DictReader((result / "coding.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.slow
def test_a_decision_is_in_coding_csv_at_once_and_the_tables_of_the_machine_stay(client, result):
    before = {path.name: path.read_bytes() for path in result.iterdir() if path.is_file()}
    assert client.get(CODING).json()["decisions"] == []
    new = decision(event(client), label="smile", action_units="AU12 left; AU6")
    (saved,) = post(client, None, new).json()["decisions"]
    (row,) = rows(result)
    assert (row["event"], row["decision"], row["label"], row["coder"]) == ("e0001", "accept", "smile", "AB")
    assert saved["action_units"] == row["action_units"] == "L12+6"
    assert saved["onset_s"] == event(client)["onset_s"]
    assert {path.name: path.read_bytes() for path in result.iterdir() if path.name in before} == before


@pytest.mark.slow
def test_decisions_are_changed_moved_and_taken_back_and_a_new_service_has_them(result):
    with listening(result.parents[1]) as service:
        client = service.http
        found = event(client)
        first = post(client, None, decision(found, "reject")).json()["decisions"][0]
        moved = decision(found, "move", onset=found["onset"] - 2, apex=None)
        second = post(client, first, moved).json()["decisions"][0]
        assert (second["decision"], second["apex_s"]) == ("move", None)
        assert second["onset_s"] == pytest.approx(found["onset_s"] - 0.02)
        own = decision(found, "add", event="", onset=11, apex=15, offset=20)
        assert len(post(client, None, own).json()["decisions"]) == 2
        saved = post(client, own, {**own, "onset": 12}).json()["decisions"]
        assert [each["onset"] for each in saved if each["decision"] == "add"] == [12]
    with listening(result.parents[1]) as service:
        assert service.http.get(CODING).json()["decisions"] == saved
        assert len(post(service.http, second, None).json()["decisions"]) == 1


@pytest.mark.slow
def test_a_decision_that_was_not_seen_is_not_replaced(client, result):
    found, other = event(client), event(client, 1)
    post(client, None, decision(found, "accept"))
    for seen in (None, decision(found, "reject")):
        answer = post(client, seen, decision(found, "reject"))
        assert answer.status_code == 409
        assert "in another tab or program" in answer.json()["error"]
    assert post(client, None, decision(other)).status_code == 200
    assert post(client, None, decision(found, "reject", coder="CD")).status_code == 200
    assert [row["decision"] for row in rows(result)] == ["accept", "reject", "accept"]


@pytest.mark.slow
def test_two_own_events_of_a_coder_in_the_same_frames_are_refused_by_their_cause(client, result):
    first = decision(event(client), "add", event="", onset=11, apex=15, offset=20)
    second = {**first, "offset": 30}
    for own in (first, second):
        assert post(client, None, own).is_success
    refused = post(client, second, {**second, "offset": 20})
    assert (refused.status_code, refused.json()["error"]) == (
        409,
        "another movement of this coder is in frames 11 to 20 already; choose other frames, or remove one of the two",
    )
    assert [row["offset"] for row in rows(result)] == ["20", "30"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"action_units": "smile"}, "'smile' is not an action unit"),
        ({"decision": "move", "onset": 90_000, "apex": None, "offset": 90_001}, "has no frame 90000"),
        ({"decision": "move", "onset": 50, "apex": 40}, "apex 40 is outside"),
        ({"event": "e0099"}, "there is no event e0099"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused_without_paths_and_nothing_is_written(client, result, changed, problem):
    answer = post(client, None, {**decision(event(client)), **changed})
    assert answer.status_code == 400
    assert problem in answer.json()["error"]
    assert str(result) not in answer.json()["error"]
    assert not (result / "coding.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "the request changes nothing; send a decision"),
        ({"seen": None, "decison": None}, "body.decison: there is no such field"),
        ({"decision": {"lable": "smile"}}, "body.decision.lable: there is no such field"),
        ({"decision": {"comment": "\ud800"}}, "a text of the body has half of a character"),
    ],
)
def test_a_change_that_says_nothing_or_something_unknown_is_refused(client, result, body, problem):
    if "decision" in body:
        body["decision"] = decision(event(client)) | body["decision"]
    answer = client.post(CODING, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, problem in answer.json()["error"]) == (422, True)
    assert not (result / "coding.csv").exists()


@pytest.mark.slow
def test_the_decisions_of_a_coder_are_exported_for_other_programs(client, result):
    assert "no decisions yet" in client.get(f"{CODING}/coded.csv").json()["error"]
    post(client, None, decision(event(client), label="smile"))
    exported = {name: client.get(f"{CODING}/{name}?coder=AB") for name in ("coded.csv", "coded.eaf", "boris.csv")}
    assert {answer.status_code for answer in exported.values()} == {200}
    (row,) = csv.DictReader(io.StringIO(exported["coded.csv"].text))
    assert (row["emotion"], row["coder"], row["video"]) == ("smile", "AB", "interview.mp4")
    assert 'RELATIVE_MEDIA_URL="./interview.mp4"' in exported["coded.eaf"].text
    assert str(result.parents[1]) not in exported["coded.eaf"].text
    assert "smile" in exported["boris.csv"].text
    named = exported["coded.eaf"].headers["Content-Disposition"]
    assert named == "attachment; filename*=utf-8''interview-coded.eaf"
    kinds = {name: answer.headers["Content-Type"] for name, answer in exported.items()}
    table = "text/csv; charset=utf-8"
    assert kinds == {"coded.csv": table, "coded.eaf": "application/xml", "boris.csv": table}
    assert client.get(f"{CODING}/boris.xlsx?coder=AB").content.startswith(b"PK")
    assert client.get(f"{CODING}/other.csv").status_code == 422


@pytest.mark.slow
def test_an_export_names_the_video_as_its_user_does_and_no_place_of_the_service(client, result):
    metadata = stored_metadata(result)
    metadata["asked"]["source"] = str(result.parent / "upload" / "interview.mp4")
    write_json(result / METADATA, metadata)
    post(client, None, decision(event(client)))
    for name in ("coded.csv", "boris.csv", "coded.eaf"):
        assert str(result.parents[1]) not in client.get(f"{CODING}/{name}").text
    (row,) = csv.DictReader(io.StringIO(client.get(f"{CODING}/coded.csv").text))
    assert row["frames"] == "interview.mp4"


@pytest.mark.slow
def test_elan_shows_the_annotated_video_where_a_folder_of_images_was_coded(client, result, tmp_path):
    (tmp_path / "clip").mkdir()
    metadata = stored_metadata(result)
    metadata["asked"]["source"] = str(tmp_path / "clip")
    write_json(result / METADATA, metadata)
    assert post(client, None, decision(event(client))).status_code == 200
    assert 'RELATIVE_MEDIA_URL="./overlay.mp4"' in client.get(f"{CODING}/coded.eaf").text


@pytest.mark.slow
def test_an_export_of_a_video_that_was_not_sent_names_its_place(client, result):
    post(client, None, decision(event(client)))
    (row,) = csv.DictReader(io.StringIO(client.get(f"{CODING}/coded.csv").text))
    assert row["frames"] == "/videos/interview.mp4"


@pytest.mark.slow
def test_an_import_while_the_page_is_open_is_seen(client, result, tmp_path):
    post(client, None, decision(event(client)))
    other = tmp_path / "other.csv"
    other.write_text((result / "coding.csv").read_text(encoding="utf-8").replace("AB", "CD"), encoding="utf-8")
    import_coding(result, other)
    assert {each["coder"] for each in client.get(CODING).json()["decisions"]} == {"AB", "CD"}


@pytest.mark.slow
def test_a_decision_is_refused_while_another_program_writes_and_saved_after_it(client, result):
    with only_writer(result / "coding.csv"):
        refused = post(client, None, decision(event(client)))
    message = "another program is writing the decisions; try again in a moment"
    assert (refused.status_code, refused.json()) == (409, {"error": message})
    assert post(client, None, decision(event(client))).status_code == 200


@pytest.mark.slow
def test_a_decision_that_a_full_disk_cannot_hold_is_refused_and_the_others_stay(client, result, monkeypatch):
    assert post(client, None, decision(event(client))).status_code == 200
    before = (result / "coding.csv").read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    refused = post(client, None, decision(event(client, 1)))
    assert refused.status_code == 507
    assert refused.json()["error"] == "cannot write coding.csv: No space left on device; make room and run it again"
    assert (result / "coding.csv").read_bytes() == before


@pytest.mark.slow
def test_frames_and_curves_of_a_window_are_in_full_detail(client):
    clock = client.get(f"/api/jobs/{ID}/clock?at_s=1").json()
    assert clock["time_s"][clock["frame"].index(101)] == 1.0
    first, second = client.get(f"/api/jobs/{ID}/curves?start_s=1&end_s=2").json()
    assert (first["face_id"], second["face_id"]) == (0, 1)
    assert (first["frame"][0], first["time_s"][0], len(first["score"])) == (101, 1.0, 101)
    assert client.get(f"/api/jobs/{ID}/curves?start_s=nan&end_s=2").status_code == 422

"""The interface for programs: send, follow the progress, read the result, download, delete."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile

import pytest

from merlab.serving import job_routes
from merlab.serving.guard import HEADERS
from merlab.serving.job_runner import Runner
from merlab.serving.jobs import Jobs
from merlab.serving.routes import STATIC
from merlab.spotting.spot import SpottingSettings
from merlab.videos.result import read_video_result
from merlab.videos.rows import event_rows
from tests.helpers import texture, write_frames
from tests.serving import fake_jobs
from tests.serving.conftest import listening, until

ELAN_FILES = ("events.eaf", "events_tsconf.xml")


@pytest.fixture(scope="module")
def done(tmp_path_factory, video):
    """A client, and a job that is done."""
    with listening(tmp_path_factory.mktemp("done") / "jobs") as client:
        job = client.send(video).json()
        yield client, client.wait_for(job["id"], "done", "failed")


def test_a_sent_video_becomes_a_result(done):
    client, job = done
    assert job["state"] == "done", job["error"]
    assert (job["name"], job["progress"]) == ("interview.mp4", 1.0)
    assert {"events.csv", "frames.csv", "metadata.json", "events/e0001/onset.png"} <= {
        file["name"] for file in job["files"]
    }
    assert [listed["id"] for listed in client.http.get("/api/jobs").json()] == [job["id"]]


def test_the_upload_is_removed_when_its_result_is_ready(done):
    client, job = done
    assert not (client.folder / job["id"] / "upload").exists()


@pytest.mark.slow
def test_events_have_the_columns_of_the_table_and_pictures_that_can_be_downloaded(done):
    client, job = done
    events = client.http.get(f"/api/jobs/{job['id']}/events").json()
    assert len(events) == 4
    assert list(events[0]) == [*event_rows(()).names, "probabilities", "pictures", "moved", "units", "face_box"]
    assert sum(events[0]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert [picture["title"] for picture in events[0]["pictures"][:3]] == [
        "onset",
        "apex",
        "movement from onset to apex",
    ]
    for picture in events[0]["pictures"]:
        answer = client.http.get(f"/api/jobs/{job['id']}/files/{picture['file']}")
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")


@pytest.mark.slow
def test_every_listed_file_can_be_downloaded_separately_and_in_one_zip(done):
    client, job = done
    answer = client.http.get(f"/api/jobs/{job['id']}/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="merlab-{job["id"][:8]}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == [file["name"] for file in job["files"]]
    for file in job["files"]:
        content = client.http.get(f"/api/jobs/{job['id']}/files/{file['name']}").content
        assert len(content) == file["bytes"]
        assert content == archive.read(file["name"])


def test_curves_contain_every_peak(done):
    client, job = done
    faces = client.http.get(f"/api/jobs/{job['id']}/frames").json()
    rows = list(csv.DictReader(io.StringIO(client.http.get(f"/api/jobs/{job['id']}/files/frames.csv").text)))
    assert faces
    for face in faces:
        every = [float(row["score"]) for row in rows if row["face_id"] == str(face["face_id"])]
        assert max(face["score"]) == max(every)


def test_a_result_carries_its_stamps_and_warnings(done):
    client, job = done
    result = client.http.get(f"/api/jobs/{job['id']}/result").json()
    assert result["stamps"] == ["SYNTHETIC"]
    assert result["warnings"] == ["face 0 is cut off at the left edge of the frame"]


def test_a_result_has_the_keys_of_the_first_release(done):
    client, job = done
    result = client.http.get(f"/api/jobs/{job['id']}/result").json()
    assert list(result)[:5] == ["video", "model", "settings", "stamps", "warnings"]
    stored = json.loads((client.folder / job["id"] / "view.json").read_text())
    assert result == {key: stored[key] for key in result}
    assert client.http.get(f"/api/jobs/{job['id']}/frames").json() == stored["faces"]
    assert client.http.get(f"/api/jobs/{job['id']}/events").json() == stored["events"]


@pytest.mark.slow
def test_a_result_of_another_version_is_refused_with_the_remedy(service, video):
    client = service()
    job = client.wait_for(client.send(video).json()["id"], "done")
    (client.folder / job["id"] / "view.json").write_text("{}")
    answer = client.http.get(f"/api/jobs/{job['id']}/result")
    assert answer.status_code == 409
    assert "another version of merlab; download its files, or send the video again" in answer.json()["error"]


@pytest.mark.slow
def test_a_job_whose_files_were_removed_from_the_disk_says_so_and_can_be_deleted(service, video):
    client = service()
    job = client.wait_for(client.send(video).json()["id"], "done")
    shutil.rmtree(client.folder / job["id"])
    message = "the files of this job were removed from the disk; delete the job, and send it again"
    for path in ("result", "frames", "clock", "curves?start_s=0&end_s=1", "coding", "zip", "files/events.csv"):
        answer = client.http.get(f"/api/jobs/{job['id']}/{path}")
        assert (answer.status_code, answer.json()) == (410, {"error": message}), path
    assert client.http.delete(f"/api/jobs/{job['id']}").status_code == 200
    assert client.http.get("/api/jobs").json() == []


@pytest.mark.slow
def test_a_deleted_job_leaves_nothing(service, video):
    client = service()
    job = client.wait_for(client.send(video).json()["id"], "done")
    assert client.http.delete(f"/api/jobs/{job['id']}").json()["state"] == "done"
    assert client.http.delete(f"/api/jobs/{job['id']}").status_code == 404
    assert client.http.get(f"/api/jobs/{job['id']}").status_code == 404
    assert client.folders() == []


def test_progress_is_reported_and_a_running_job_can_be_canceled(service, video):
    client = service(fake_jobs.slow)
    job = client.send(video).json()
    client.wait_for(job["id"], "running")
    until(lambda: client.job(job["id"])["stage"] == "spotting")
    assert client.job(job["id"])["progress"] == 0.25
    for path in ("result", "events", "frames", "zip", "files/events.csv", "coding", "clock"):
        answer = client.http.get(f"/api/jobs/{job['id']}/{path}")
        assert (answer.status_code, "when it is done" in answer.json()["error"]) == (409, True)
    assert client.http.delete(f"/api/jobs/{job['id']}").json()["state"] == "canceled"
    assert client.folders() == []


@pytest.mark.slow
def test_jobs_run_one_after_the_other_in_their_order(service, video):
    client = service(fake_jobs.slow)
    first, second = (client.send(video).json()["id"] for _ in range(2))
    client.wait_for(first, "running")
    assert client.job(second)["state"] == "queued"
    client.http.delete(f"/api/jobs/{first}")
    client.wait_for(second, "running")


@pytest.mark.slow
def test_two_slots_run_two_jobs(service, video):
    client = service(fake_jobs.slow, workers=2)
    for job in [client.send(video).json()["id"] for _ in range(2)]:
        client.wait_for(job, "running")


@pytest.mark.slow
def test_the_options_of_a_video_reach_its_job(service, video):
    client = service()
    job = client.wait_for(client.send(video, fps=200, aligned=True).json()["id"], "done")
    settings = client.http.get(f"/api/jobs/{job['id']}/result").json()["settings"]
    assert (settings["fps"], settings["aligned"]) == (200, True)


@pytest.mark.slow
def test_settings_are_offered_with_their_defaults_and_kept_with_the_job(service, video):
    client = service(workers=0, weights=["mine.safetensors", "merlab"])
    about = client.http.get("/api").json()
    assert about["weights"] == ["mine.safetensors", "merlab"]
    threshold = SpottingSettings().floor
    defaults = {"fps": None, "aligned": False, "threshold": threshold, "faces": 4, "weights": "mine.safetensors"}
    assert about["defaults"] == defaults
    job = client.send(video, threshold=3.5, faces=2, weights="merlab").json()
    kept = json.loads((client.folder / job["id"] / "job.json").read_text())["asked"]
    assert kept == {"fps": None, "aligned": False, "threshold": 3.5, "faces": 2, "weights": "merlab"}


@pytest.mark.parametrize(
    "option",
    [
        {"threshold": -1},
        {"threshold": 100.5},
        {"threshold": "nan"},
        {"faces": 0},
        {"faces": 21},
        {"weights": "../etc/passwd"},
    ],
)
def test_settings_out_of_range_are_refused_with_their_name(done, video, option):
    client, _ = done
    (name,) = option
    refused = [client.send(video, **option), client.http.post("/api/jobs/local", json={"path": "clip", **option})]
    assert [answer.status_code for answer in refused] == [422, 422]
    assert all(name in answer.json()["error"] for answer in refused)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "threshhold=3",
            "'threshhold' is no option of this address; its options are fps, aligned, threshold, faces, weights",
        ),
        ("fps=200&fps=30", "'fps' is given more than once; give it once"),
    ],
)
def test_an_option_that_is_unknown_or_given_twice_is_refused(done, video, query, message):
    client, job = done
    with video.open("rb") as file:
        answer = client.http.post(f"/api/jobs?{query}", files={"file": file})
    assert (answer.status_code, answer.json()) == (422, {"error": message})
    for path in (f"/api/jobs/{job['id']}/result", f"/api/jobs/{job['id']}/clock", "/api/jobs"):
        assert client.http.get(f"{path}?{query}").status_code == 422
    for changing in ("post", "delete"):
        path = f"/api/jobs/{job['id']}{'/retry' if changing == 'post' else ''}"
        answer = client.http.request(changing, f"{path}?keep=1")
        assert answer.json()["error"] == "'keep' is no option of this address, which has none; leave it out"


def test_a_part_of_the_address_is_no_option(done):
    client, job = done
    answer = client.http.get(f"/api/jobs/{job['id']}/clock?job_id={job['id']}")
    message = "'job_id' is no option of this address; its options are at_s"
    assert (answer.status_code, answer.json()) == (422, {"error": message})


def test_options_beside_the_file_instead_of_in_the_address_are_refused(done, video):
    client, _ = done
    with video.open("rb") as file:
        answer = client.http.post("/api/jobs", files={"file": file}, data={"fps": "200"})
    message = (
        "'fps' is not a part of this request; send the video as the part file, and options in the address, as in "
        "/api/jobs?fps=200"
    )
    assert (answer.status_code, answer.json()) == (422, {"error": message})


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ('{"path": "clip", "thresh": 3}', 422, "body.thresh: there is no such field; leave it out, or correct its"),
        ('{"path": "clip", "fps": 30, "fps": 60}', 422, "'fps' is given more than once; give it once"),
        ('{"path": "clip", "fps": true}', 422, "body.fps: Input should be a valid number"),
        ('{"path": "clip", "fps": NaN}', 422, "body.fps: nan is not a frame rate"),
        ('{"path": "clip", "faces": 1e999}', 422, "body.faces: Input should be a valid integer"),
        ('{"path": "clip", "weights": "\\ud800"}', 422, "a text of the body has half of a character"),
        ('{"path": ""}', 422, "body.path: String should have at least 1 character"),
        ("[]", 422, "body: Input should be a valid dictionary"),
        ('{"path": ', 422, "JSON decode error: Expecting value; send JSON as /openapi.json"),
        ("nonsense", 422, "JSON decode error: Expecting value; send JSON as /openapi.json"),
        ("", 422, "body: Field required"),
    ],
)
def test_a_body_that_is_not_as_described_is_refused_with_the_field(done, body, status, message):
    client, _ = done
    answer = client.http.post("/api/jobs/local", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_a_body_without_its_type_is_refused_with_the_remedy(done):
    answer = done[0].http.post("/api/jobs/local", content='{"path": "clip"}')
    message = "this address reads JSON; send the header Content-Type: application/json"
    assert (answer.status_code, answer.json()) == (415, {"error": message})


def test_times_in_the_wrong_order_are_refused(done):
    client, job = done
    answer = client.http.get(f"/api/jobs/{job['id']}/curves?start_s=5&end_s=1")
    assert (answer.status_code, answer.json()) == (422, {"error": "start_s 5 is after end_s 1; exchange them"})


def test_a_running_job_states_how_far_it_is(done, monkeypatch):
    client, job = done
    (client.folder / job["id"] / "progress.json").write_text(
        '{"progress": 0.25, "stage": "reading frames", "done": 500, "total": 2000, "left": "about 3 min"}'
    )
    jobs = Jobs.all
    running = {"state": "running"}
    monkeypatch.setattr(Jobs, "all", lambda self: [each.model_copy(update=running) for each in jobs(self)])
    (status,) = client.http.get("/api/jobs").json()
    found = [status[name] for name in ("progress", "stage", "done", "total", "left")]
    assert found == [0.25, "reading frames", 500, 2000, "about 3 min"]
    (client.folder / job["id"] / "progress.json").unlink()
    (status,) = client.http.get("/api/jobs").json()
    assert (status["progress"], status["stage"]) == (0, "starting")


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/nothing", 404, "there is nothing at this address; /openapi.json lists all of them"),
        (
            "PUT",
            "/api/jobs",
            405,
            "this address does not accept this method; /openapi.json lists those that it accepts",
        ),
        ("POST", "/api/jobs/local", 400, "the body of the request cannot be read; send it as /openapi.json describes"),
    ],
)
def test_a_request_that_the_service_does_not_know_is_answered_with_the_remedy(done, method, path, status, message):
    """The body is not UTF-8."""
    client, _ = done
    answer = client.http.request(method, path, content=b'"\xff"', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (status, message)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("content", ["[" * 60_000, "[" * 30_000 + "]" * 30_000])
def test_a_body_too_deep_for_some_parsers_is_refused(done, content):
    """From Python 3.14 on, the parser of JSON follows it."""
    client, _ = done
    answer = client.http.post("/api/jobs/local", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/jobs", "GET, HEAD, POST"),
        ("PUT", "/api/jobs/ID", "DELETE, GET, HEAD"),
        ("GET", "/api/jobs/ID/retry", "POST"),
        ("HEAD", "/api/jobs/ID/retry", "POST"),
        ("DELETE", "/api/jobs/ID/zip", "GET, HEAD"),
        ("POST", "/app.js", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_answered_with_those_that_the_address_accepts(done, method, path, allowed):
    """RFC 9110, 15.5.6: the answer 405 must list them in Allow."""
    client, job = done
    answer = client.http.request(method, path.replace("ID", job["id"]))
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/app.js", "/api/jobs/ID/files/events.csv"])
@pytest.mark.parametrize(
    ("asked", "status", "problem"),
    [
        ("bytes=100000000-", 416, "begins after the {size} bytes of this file"),
        ("bytes=9-3", 400, "cannot be read"),
        ("lines=1-3", 400, "cannot be read"),
    ],
)
def test_a_range_that_cannot_be_sent_is_refused_with_the_remedy(done, path, asked, status, problem):
    client, job = done
    path = path.replace("ID", job["id"])
    size = client.http.get(path).headers["content-length"]
    answer = client.http.get(path, headers={"Range": asked})
    message = f"the header Range {problem.format(size=size)}; send one such as bytes=0-99, or leave it out"
    assert (answer.status_code, answer.json()) == (status, {"error": message})
    # RFC 9110, 15.5.17: with the size, so that the client can ask again.
    assert answer.headers.get("content-range") == (f"bytes */{size}" if status == 416 else None)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_range_of_a_file_is_sent_and_an_error_beside_a_range_stays_as_it_is(done):
    client, job = done
    path = f"/api/jobs/{job['id']}/files/events.csv"
    part = client.http.get(path, headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, client.http.get(path).content[3:10])
    answer = client.http.get("/api/jobs/none", headers={"Range": "bytes=3-9"})
    assert answer.json() == {"error": "there is no such job; it may have been deleted"}


def test_the_schema_has_the_types_of_all_answers(done):
    """Those of errors too; 507 is a full disk."""
    client, job = done
    paths = client.http.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            content = {status: list(each.get("content", ())) for status, each in operation["responses"].items()}
            assert content.pop("4XX") == content.pop("5XX") == ["application/json"], (method, path)
            (stated,) = [types for status, types in content.items() if status[0] == "2"]
            assert stated, (method, path)
    for name, kind in (("events.csv", "text/csv"), ("events.eaf", "application/octet-stream")):
        sent = client.http.get(f"/api/jobs/{job['id']}/files/{name}").headers["content-type"].partition(";")[0]
        assert sent == kind
        assert kind in paths["/api/jobs/{job_id}/files/{name}"]["get"]["responses"]["200"]["content"]


def test_a_frame_rate_that_no_camera_has_is_refused_at_once_with_the_remedy(done, video):
    client, _ = done
    problem = "0.5 is not a frame rate: it must be a number from 1 to 10000; give the frames per second of the camera"
    assert client.send(video, fps=0.5).json() == {"error": f"query.fps: {problem}"}
    sent = client.http.post("/api/jobs/local", json={"path": "clip", "fps": 0.5})
    assert sent.json() == {"error": f"body.fps: {problem}"}


def test_the_page_and_the_schema_state_the_frame_rates_that_are_accepted(done):
    client, _ = done
    schema = client.http.get("/openapi.json").json()
    field = schema["components"]["schemas"]["LocalVideo"]["properties"]["fps"]["anyOf"][0]
    assert (field["minimum"], field["maximum"]) == (1, 10_000)
    (entry,) = re.findall(r'<input id="fps"[^>]*>', client.http.get("/").text)
    assert 'data-min="1" data-max="10000"' in entry


@pytest.mark.slow
def test_a_local_folder_of_images_can_be_used(service, tmp_path):
    write_frames(tmp_path / "root" / "clip", [texture(1)] * 3)
    client = service(roots=[tmp_path / "root"])
    job = client.http.post("/api/jobs/local", json={"path": "clip", "fps": 100}).json()
    assert client.wait_for(job["id"], "done", "failed")["error"] is None


@pytest.mark.slow
def test_a_local_video_states_its_size_and_a_folder_has_none(service, tmp_path):
    (tmp_path / "clip").mkdir()
    (tmp_path / "a.mp4").write_bytes(b"video")
    client = service(workers=0, roots=[tmp_path])
    answers = [client.http.post("/api/jobs/local", json={"path": name}) for name in ("a.mp4", "clip")]
    assert [answer.status_code for answer in answers] == [201, 201]
    found = [[answer.json()[name] for name in ("name", "bytes", "state")] for answer in answers]
    assert found == [["a.mp4", 5, "queued"], ["clip", 0, "queued"]]


@pytest.mark.parametrize(
    ("state", "answered"),
    [("queued", "canceled"), ("running", "canceled"), ("done", "done"), ("failed", "failed")],
)
def test_only_a_job_that_has_not_ended_is_canceled_when_it_is_deleted(done, monkeypatch, state, answered):
    client, job = done
    find, changed = Jobs.find, {"state": state}
    monkeypatch.setattr(Jobs, "find", lambda self, job_id: find(self, job_id).model_copy(update=changed))
    monkeypatch.setattr(Runner, "remove", lambda self, job: None)
    assert client.http.delete(f"/api/jobs/{job['id']}").json()["state"] == answered


def test_the_types_of_the_page_do_not_depend_on_the_machine(done, monkeypatch):
    """By the registry of Windows, scripts may be plain text, which browsers do not run with nosniff."""
    monkeypatch.setattr("starlette.responses.guess_type", lambda *_: ("text/plain", None))
    client, _ = done
    files = {path.suffix: path.name for path in STATIC.iterdir()}
    kinds = {suffix: client.http.get(f"/{name}").headers["content-type"] for suffix, name in files.items()}
    # The WHATWG HTML standard, "JavaScript MIME type"; RFC 2318, 2854 and 7303.
    assert kinds == {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
    }
    assert client.http.get("/").headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.slow
def test_every_answer_has_the_security_headers(done):
    client, job = done
    paths = ["/", "/app.js", "/style.css", "/openapi.json", "/api", "/api/jobs/none", "/nothing"]
    for path in [*paths, f"/api/jobs/{job['id']}/zip", f"/api/jobs/{job['id']}/files/events.csv"]:
        headers = client.http.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path


@pytest.mark.slow
def test_head_has_the_status_and_headers_of_get_and_no_body(done):
    client, job = done
    paths = [
        "/",
        "/app.js",
        "/openapi.json",
        "/api",
        "/api/jobs",
        f"/api/jobs/{job['id']}",
        "/api/jobs/none",
        "/nothing",
    ]
    for path in [*paths, f"/api/jobs/{job['id']}/files/events.csv"]:
        asked, got = client.http.head(path), client.http.get(path)
        assert (asked.status_code, asked.content) == (got.status_code, b""), path
        assert asked.headers.get("content-length") == got.headers.get("content-length"), path
        assert {name: asked.headers.get(name) for name in HEADERS} == HEADERS, path


@pytest.mark.slow
def test_elan_finds_the_video_of_the_user_beside_the_files_of_a_result(service, video):
    """The upload is removed; the files name it as the user has it, and no folder of the service."""
    client = service()
    job = client.wait_for(client.send(video, "Interview 1 (Müller).mp4").json()["id"], "done")
    files = {name: client.http.get(f"/api/jobs/{job['id']}/files/{name}").text for name in ELAN_FILES}
    assert 'MEDIA_URL="file:///Interview 1 (Müller).mp4"' in files["events.eaf"]
    assert 'RELATIVE_MEDIA_URL="./Interview 1 (Müller).mp4"' in files["events.eaf"]
    for face in (0, 1):
        # ELAN finds the columns of a curve by the address under which the document links it.
        assert f'LINK_URL="file:///curves/face-{face}.csv"' in files["events.eaf"]
        assert f'source-url="file:///curves/face-{face}.csv"' in files["events_tsconf.xml"]
    assert not any(str(client.folder) in text for text in files.values())


@pytest.mark.slow
@pytest.mark.parametrize("letters", [251, 300])
def test_a_name_that_systems_allow_is_kept_and_a_longer_one_keeps_its_extension(service, video, letters):
    client = service()
    job = client.wait_for(client.send(video, "a" * letters + ".mp4").json()["id"], "done", "failed")
    assert (job["state"], job["name"]) == ("done", "a" * 251 + ".mp4")


@pytest.mark.slow
def test_the_metadata_of_an_upload_name_it_as_the_user_does(service, video):
    """With a digest of what they say now."""
    client = service()
    job = client.wait_for(client.send(video, "Interview 1 (Müller).mp4").json()["id"], "done")
    stored = read_video_result(client.folder / job["id"] / "result")
    assert stored.metadata.asked.source == "Interview 1 (Müller).mp4"
    assert str(client.folder) not in client.http.get(f"/api/jobs/{job['id']}/files/metadata.json").text


@pytest.mark.slow
def test_an_error_of_the_service_itself_has_the_security_headers(tmp_path, monkeypatch, caplog):
    """Any error that nobody expected; the terminal gets the traceback, the client a sentence."""
    monkeypatch.setattr(job_routes, "list_local", lambda roots: 1 / 0)
    with listening(tmp_path / "jobs") as client:
        answer = client.http.get("/api")
    assert (answer.status_code, "error of merlab" in answer.json()["error"]) == (500, True)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.slow
def test_programs_find_a_schema_and_no_page_that_loads_from_other_hosts(done):
    client, _ = done
    paths = client.http.get("/openapi.json").json()["paths"]
    assert "multipart/form-data" in paths["/api/jobs"]["post"]["requestBody"]["content"]
    assert [client.http.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]

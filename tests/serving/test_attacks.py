"""The attacks that docs/howto/serve.md lists: the service answers as documented, and leaves nothing on the disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import sys
import time
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from merlab.serving.guard import HEADERS, MAX_BODY
from merlab.serving.limits import MEBIBYTE
from tests.serving import fake_jobs
from tests.serving.attacks import assert_as_documented, rows
from tests.serving.conftest import Client, listening, until, write_video

MULTIPART = "multipart/form-data; boundary=B"
PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A service that takes a quarter of a MiB and reads one folder."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "root").mkdir()
    limits = {"bytes": MEBIBYTE // 4}
    with listening(folder / "jobs", roots=[folder / "root"], limits=limits) as client:
        yield client
        assert client.http.get("/api").status_code == 200


def post(client: Client, content, content_type: str = MULTIPART, **headers: str):
    return client.http.post("/api/jobs", content=content, headers={"content-type": content_type, **headers})


def job_of(client: Client, path: Path, name: str | None = None):
    """The job of a sent file, once it has ended; it is deleted."""
    job = client.wait_for(client.send(path, name).json()["id"], "done", "failed")
    client.http.delete(f"/api/jobs/{job['id']}")
    return job


@pytest.mark.slow
@pytest.mark.parametrize(
    "job_id", ["%2e%2e%2fjobs.json", "..%2f..%2fetc%2fpasswd", "%00", "0" * 32, "x" * 4000, "jobs.json", "<script>"]
)
def test_ids_of_no_job(small, job_id):
    for path in (f"/api/jobs/{job_id}", f"/api/jobs/{job_id}/zip", f"/api/jobs/{job_id}/files/events.csv"):
        assert small.http.get(path).status_code == 404
    assert_as_documented("an unknown id, or a path as an id", small.http.get(f"/api/jobs/{'0' * 32}"))


@pytest.mark.slow
def test_names_of_no_file_of_a_result(small, video):
    job = small.wait_for(small.send(video).json()["id"], "done")
    folder = small.folder / job["id"]
    (folder / "result" / "link.csv").symlink_to(folder / "job.json")
    names = ["..%2fjob.json", "%2e%2e/job.json", "events/..%2f..%2fjob.json", "%2fetc%2fpasswd", "link.csv", "events"]
    for name in [*names, "%00", "events.csv%00", "x" * 4000]:
        answer = small.http.get(f"/api/jobs/{job['id']}/files/{name}")
        assert_as_documented("a name of a file that is a path, a link or unknown", answer)
    small.http.delete(f"/api/jobs/{job['id']}")


@pytest.mark.slow
def test_static_files_do_not_lead_out_of_their_folder(small):
    for path in ("/..%2fapp.py", "/%2e%2e/app.py", "/%2e%2e%2f%2e%2e%2fpyproject.toml", "//etc/passwd"):
        assert small.http.get(path).status_code == 404


@pytest.mark.slow
def test_local_paths_out_of_the_allowed_folder(small, tmp_path, video):
    root = small.folder.parent / "root"
    shutil.copy(video, tmp_path / "secret.mp4")
    (root / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "folder").symlink_to(tmp_path)
    (root / "circle").symlink_to(root / "circle")
    (root / "notes.txt").write_text("no video")
    os.mkfifo(root / "pipe.mp4")
    outside = ["../secret.mp4", str(tmp_path / "secret.mp4"), "link.mp4", "folder/secret.mp4", "folder", "circle"]
    for path in [*outside, "notes.txt", "pipe.mp4", "/dev/zero", "~", "a\0.mp4", "x" * 4000]:
        answer = small.http.post("/api/jobs/local", json={"path": path})
        assert_as_documented("a local path, or a link, out of the allowed folders", answer)


def test_files_that_no_request_can_name_are_not_listed(small, monkeypatch):
    """Linux gives names that are not UTF-8 as text with halves of characters; old programs made such names."""
    root = (small.folder.parent / "root").resolve()
    names = ["M\udcfcller.mp4", "closed.mp4", "good.mp4"]
    monkeypatch.setattr("os.walk", lambda _: [(str(root), [], names)])
    is_file = {"M\udcfcller.mp4": True, "good.mp4": True}

    def look(path: Path) -> bool:
        if path.name == "closed.mp4":
            raise PermissionError(path)
        return is_file[path.name]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_file", look)
        assert small.http.get("/api").json()["local_files"] == [str(root / "good.mp4")]


@pytest.mark.slow
def test_a_local_path_when_none_is_allowed(service, video):
    answer = service().http.post("/api/jobs/local", json={"path": str(video)})
    assert_as_documented("a local path when no folder is allowed", answer)


@pytest.mark.slow
def test_a_link_that_replaces_a_local_file_while_it_waits(service, tmp_path, video):
    root = tmp_path / "root"
    root.mkdir()
    for name in ("first.mp4", "interview.mp4"):
        shutil.copy(video, root / name)
    client = service(fake_jobs.slow, roots=[root])
    first, second = (
        client.http.post("/api/jobs/local", json={"path": name}).json()["id"] for name in ("first.mp4", "interview.mp4")
    )
    client.wait_for(first, "running")
    (root / "interview.mp4").unlink()
    (root / "interview.mp4").symlink_to(video)
    client.http.delete(f"/api/jobs/{first}")
    assert_as_documented("a local file that becomes a link while it waits", client.wait_for(second, "failed"))


@pytest.mark.slow
def test_a_small_file_with_huge_frames(small, tmp_path):
    bomb = write_video(tmp_path / "bomb.avi", 1, (3600, 3600), fourcc="png ")
    assert bomb.stat().st_size < 200_000
    assert_as_documented("a small file with frames of 3600x3600 pixels", job_of(small, bomb))


@pytest.mark.slow
def test_a_header_that_hides_huge_frames(small, tmp_path):
    path = write_video(tmp_path / "false.avi", 1, (3600, 3600), fourcc="png ")
    content = path.read_bytes()
    true, stated = struct.pack("<II", 3600, 3600), struct.pack("<II", 64, 48)
    assert true in content
    path.write_bytes(content.replace(true, stated))
    assert_as_documented("the same file with a header that states 64x48", job_of(small, path))


@pytest.mark.slow
def test_a_video_longer_than_allowed(service, video):
    job = job_of(service(limits={"seconds": 1.5}), video)
    assert_as_documented("a video longer than allowed", job)


@pytest.mark.parametrize("name", ["notes.txt", "program.exe", "face.png", "interview", "interview.mp4.zip", ".mp4"])
def test_files_of_other_types(small, video, name):
    answer = small.send(video, name)
    assert answer.status_code == 415
    if name == "notes.txt":
        assert_as_documented("a file of another type", answer)


@pytest.mark.slow
def test_a_text_with_the_name_of_a_video(small, tmp_path):
    (tmp_path / "interview.mp4").write_text("This is not a video. " * 100)
    assert_as_documented("a text renamed .mp4", job_of(small, tmp_path / "interview.mp4"))


def test_an_empty_file(small, tmp_path):
    (tmp_path / "interview.mp4").touch()
    assert_as_documented("an empty file", small.send(tmp_path / "interview.mp4"))


def test_a_video_cut_off_half_way(small, tmp_path, video):
    content = video.read_bytes()
    (tmp_path / "interview.mp4").write_bytes(content[: len(content) // 2])
    assert_as_documented("a video cut off half way", job_of(small, tmp_path / "interview.mp4"))


def test_an_upload_over_the_limit_that_states_its_length(small):
    answer = post(small, PART + bytes(MEBIBYTE))
    assert_as_documented("an upload over the limit that states its length", answer)


def test_an_upload_over_the_limit_that_does_not_state_its_length(small):
    answer = post(small, (chunk for chunk in [PART, *[bytes(2**16)] * 64]))
    assert_as_documented("an upload over the limit that does not state its length", answer)
    assert small.folders() == []


@contextmanager
def half_sent(client: Client):
    """A connection on which only the beginning of an upload was sent."""
    address = urlsplit(str(client.http.base_url))
    head = f"POST /api/jobs HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {MULTIPART}\r\nContent-Length: 9999"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode() + PART + bytes(1000))
        until(client.folders)
        yield connection


def test_an_upload_that_is_interrupted(small):
    with half_sent(small):
        pass
    until(lambda: not small.folders())


@pytest.mark.slow
def test_an_upload_that_pauses_too_long(service):
    client = service(limits={"idle_seconds": 0.3})
    with half_sent(client) as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        received = (str(answer.status), json.load(answer)["error"])
    assert rows()["an upload that pauses too long"] == received
    assert client.folders() == []


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", PART, 415),
        (MULTIPART, b"", 400),
        (MULTIPART, b"nonsense", 400),
        (MULTIPART, PART + b"no end", 400),
        (MULTIPART, PART.replace(b"file", b"other") + b"x\r\n--B--\r\n", 422),
        (MULTIPART, PART.replace(b' name="file";', b"") + b"x\r\n--B--\r\n", 400),
        (MULTIPART, PART + b"x\r\n" + PART + b"y\r\n--B--\r\n", 400),
        (MULTIPART, b"--B\r\nX: " + b"x" * 60_000 + b"\r\n\r\n\r\n--B--\r\n", 400),
        ("multipart/form-data; boundary=" + "B" * 300, PART, 400),
    ],
)
def test_requests_that_are_not_uploads(small, content_type, content, status):
    answer = post(small, content, content_type)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert small.folders() == []


@pytest.mark.parametrize("fps", ["0", "-1", "0.5", "10001", "100000", "nan", "inf", "fast"])
def test_invalid_frame_rates(small, video, fps):
    assert small.send(video, fps=fps).status_code == 422
    assert small.http.post("/api/jobs/local", json={"path": "a.mp4", "fps": fps}).status_code == 422
    assert small.folders() == []


def test_a_huge_body_instead_of_a_small_one(small):
    answer = small.http.post("/api/jobs/local", content=bytes(MAX_BODY + 1))
    assert_as_documented("a huge body instead of a small one", answer)
    chunked = small.http.post("/api/jobs/local", content=iter([b"{", b"}"]))
    assert chunked.status_code == 413


@pytest.mark.slow
def test_names_are_shown_unchanged_and_stored_safely(service, video):
    client = service(fake_jobs.slow)
    for given, shown, stored in (
        ("<img src=x onerror=alert(1)>.mp4", "<img src=x onerror=alert(1)>.mp4", "img src=x onerror=alert(1).mp4"),
        ("../../../etc/cron.d/evil.mp4", "evil.mp4", "evil.mp4"),
        ("..\\..\\evil.mp4", "evil.mp4", "evil.mp4"),
        ("面试 1.MP4", "面试 1.MP4", "面试 1.MP4"),
        ("--help.mp4", "--help.mp4", "help.mp4"),
        ("=HYPERLINK(1).mp4", "=HYPERLINK(1).mp4", "HYPERLINK(1).mp4"),
        ("$(reboot).mp4", "$(reboot).mp4", "(reboot).mp4"),
        # As browsers send a quote; as macOS names a recording of the screen; Persian; a family; a false direction.
        ("a%22b.mp4", 'a"b.mp4', "a_b.mp4"),
        ("at 10.20\u202fAM.mov", "at 10.20\u202fAM.mov", "at 10.20\u202fAM.mov"),
        ("می\u200cخواهم.mp4", "می\u200cخواهم.mp4", "می\u200cخواهم.mp4"),
        ("👩\u200d👧 – Anna’s.mp4", "👩\u200d👧 – Anna’s.mp4", "👩\u200d👧 – Anna’s.mp4"),
        # A formula in Japanese spreadsheets.
        ("＝1＋1.mp4", "＝1＋1.mp4", "1＋1.mp4"),
        ("a\u202e4pm.mp4", "a4pm.mp4", "a4pm.mp4"),
    ):
        job = client.send(video, given).json()
        assert job["name"] == shown
        assert [path.name for path in (client.folder / job["id"] / "upload").iterdir()] == [stored]


@pytest.mark.slow
def test_names_with_a_null_byte_and_long_names(small):
    for name, status in ((b"a\0b.mp4", 201), (b"x" * 3000 + b".mp4", 201), (b"x" * 100 + b".mp4", 201)):
        answer = post(small, PART.replace(b"a.mp4", name) + b"x\r\n--B--\r\n")
        assert answer.status_code == status
        for job in small.http.get("/api/jobs").json():
            small.http.delete(f"/api/jobs/{job['id']}")


@pytest.mark.slow
def test_a_foreign_host(small):
    for host in ("attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example", "", "[::1", "a b"):
        assert_as_documented("a foreign Host (DNS rebinding)", small.http.get("/api/jobs", headers={"Host": host}))


@pytest.mark.slow
def test_a_page_of_another_site(small):
    for headers in ({"Origin": "http://attacker.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert_as_documented("a change from another site's page", post(small, PART, **headers))
        assert small.http.delete(f"/api/jobs/{'0' * 32}", headers=headers).status_code == 403
    own = str(small.http.base_url).rstrip("/")
    assert post(small, b"", Origin=own, **{"Sec-Fetch-Site": "same-origin"}).status_code == 400
    # Through a proxy that states the service's own address.
    through = post(small, PART, Origin=own, **{"Sec-Fetch-Site": "cross-site"})
    assert_as_documented("a change from another site's page", through)


@pytest.mark.parametrize("origin", ["http://[evil", "http://[::1", "//", "http://127.0.0.1:x", "["])
def test_an_origin_that_is_not_an_address(small, origin):
    answer = post(small, PART, Origin=origin)
    assert answer.status_code == 403
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_part_with_a_huge_header_is_refused_before_all_of_it_is_read(small):
    began = time.monotonic()
    answer = post(small, b"--B\r\nX: " + b"x" * (MEBIBYTE // 5) + b"\r\n\r\n--B--\r\n")
    assert (answer.status_code, time.monotonic() - began < 5) == (400, True)


@pytest.mark.slow
def test_more_jobs_than_may_wait_or_be_kept(service, video):
    client = service(fake_jobs.slow, limits={"queue": 2, "kept": 3})
    client.wait_for(client.send(video).json()["id"], "running")
    waiting = [client.send(video).json()["id"] for _ in range(2)]
    assert_as_documented("more jobs than may wait", client.send(video))
    assert len(client.folders()) == 3
    client.http.delete(f"/api/jobs/{waiting[0]}")
    assert client.send(video).status_code == 201


@pytest.mark.slow
def test_more_jobs_than_are_kept(service, video):
    client = service(limits={"kept": 1})
    client.wait_for(client.send(video).json()["id"], "done")
    assert_as_documented("more jobs than are kept", client.send(video))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk(small, video, monkeypatch):
    opened = Path.open

    def full(path, mode="r", *args, **options):
        return opened(Path("/dev/full"), "wb", 0) if mode == "xb" else opened(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", full)
    assert_as_documented("a full disk", small.send(video))
    assert small.folders() == []


@pytest.mark.slow
def test_a_disk_that_fills_while_a_job_runs(service, video):
    client = service(fake_jobs.filling)
    job = client.wait_for(client.send(video).json()["id"], "failed")
    assert_as_documented("a disk that fills while a job runs", job)


@pytest.mark.slow
@pytest.mark.usefixtures("spawned_processes")
def test_a_job_whose_process_is_killed_can_be_run_again(service, video):
    client = service(fake_jobs.slow_at_first)
    job = client.send(video).json()["id"]
    process = until(lambda: (client.folder / job / "pid").exists() and (client.folder / job / "pid").read_text())
    os.kill(int(process), signal.SIGKILL)
    assert_as_documented("a worker killed (kill -9)", client.wait_for(job, "failed"))
    assert client.http.post(f"/api/jobs/{job}/retry").json()["state"] in {"queued", "running"}
    assert client.wait_for(job, "done", "failed")["state"] == "done"
    assert client.http.post(f"/api/jobs/{job}/retry").status_code == 409


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attack", "recognize", "limits"),
    [
        ("a decoder that crashes", fake_jobs.crashing, {}),
        ("a job that takes too long", fake_jobs.slow, {"job_seconds": 3}),
        ("an error of merlab itself", fake_jobs.broken, {}),
        ("a video without a face", fake_jobs.refusing, {}),
    ],
)
def test_failed_jobs_give_the_reason(service, video, attack, recognize, limits):
    client = service(recognize, limits=limits)
    assert_as_documented(attack, job_of(client, video))
    assert client.http.get("/api").status_code == 200


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot limit the memory of a process")
def test_a_job_that_needs_too_much_memory(service, video):
    job = job_of(service(fake_jobs.hungry, limits={"memory": 1024 * MEBIBYTE}), video)
    assert_as_documented("a job that needs too much memory", job)


def test_every_attack_in_the_documentation_is_tested_here():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [attack for attack in rows() if f'"{attack}"' not in source] == []

"""Clients that send nothing, or slowly, keep nobody out."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from merlab.serving import connections, guard, server
from tests.serving.conftest import Client, listening, until
from tests.serving.test_attacks import half_sent

HOST = b"Host: localhost\r\n"
# What a client sends and then no more, or does not read: the answer of the last one is longer than what systems buffer.
HELD = {
    "nothing": b"",
    "half of the headers": b"GET /api HTTP/1.1\r\nHost: 127",
    "half of a body": b"POST /api/jobs/local HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{",
    "a question with half of a body": b"GET /api HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n{",
    "questions whose answers are not read": (b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 400,
}


@contextmanager
def connected(client: Client, sent: bytes = b""):
    """A connection on which these bytes were sent."""
    address = urlsplit(str(client.http.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(sent)
        yield connection


def asked(client: Client, path: str = "/api") -> tuple[int, float]:
    """The status of the answer on a new connection, and the seconds until it came."""
    began = time.monotonic()
    with connected(client, f"GET {path} HTTP/1.1\r\n{HOST.decode()}\r\n".encode()) as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        answer.read()
    return answer.status, time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("sent", HELD.values(), ids=HELD)
def test_connections_that_wait_for_their_clients_make_room_for_new_ones(service, monkeypatch, sent):
    for module in (connections, server):
        monkeypatch.setattr(module, "MAX_CONNECTIONS", 8)
    client = service(workers=0)
    with ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(connected(client, sent))
        # As long as the service still writes answers, a connection does not wait for its client.
        until(lambda: asked(client)[0] == 200)
        assert [asked(client)[0] for _ in range(3)] == [200, 200, 200]


@pytest.mark.slow
def test_the_connection_that_waits_longest_makes_room(service, monkeypatch):
    """An upload that arrives steadily stays, though it is the oldest connection."""
    for module in (connections, server):
        monkeypatch.setattr(module, "MAX_CONNECTIONS", 4)
    client = service(workers=0)
    with half_sent(client) as upload, ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(connected(client, HELD["half of a body"]))
            assert asked(client)[0] == 200
            upload.sendall(bytes(10))
            time.sleep(0.02)
        assert len(client.folders()) == 1


@pytest.mark.slow
def test_an_honest_user_is_served_beside_110_idle_connections_and_64_dripping_uploads(service, video):
    """There are places for 32 uploads: the slowest of those that drip make room for the honest one.

    An idle machine answers within 2 s; one that runs other tests as well may need longer.
    """
    client = service(workers=0)
    with ExitStack() as stack:
        uploads = [stack.enter_context(half_sent(client)) for _ in range(64)]
        until(lambda: len(client.folders()) >= 32)
        for _ in range(110):
            stack.enter_context(connected(client))
        for turn in range(6):
            for upload in uploads:
                # The service closes the connections of those that made room.
                with suppress(OSError):
                    upload.sendall(b"x")
            answers = [asked(client, path) for path in ("/", "/style.css", "/app.js", "/api", "/api/jobs")]
            assert {status for status, _ in answers} == {200}
            assert max(seconds for _, seconds in answers) < 10
            if turn % 2 == 0:
                began = time.monotonic()
                assert client.send(video).status_code == 201
                assert time.monotonic() - began < 10
            time.sleep(0.2)
    assert len(client.http.get("/api/jobs").json()) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /api HTTP/1.1\r\nHo", b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api HT"],
    ids=["nothing", "half of the headers", "half of the second request"],
)
def test_a_connection_that_does_not_finish_its_headers_is_closed(service, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    with connected(service(), sent) as connection:
        began = time.monotonic()
        connection.settimeout(30)
        while connection.recv(4096):
            pass
        assert 0.3 < time.monotonic() - began < 20


@pytest.mark.slow
def test_a_slow_upload_is_not_cut_off(service, video, monkeypatch):
    """The limit is for headers only, not for the body of a request."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    client = service(workers=0)
    content = video.read_bytes()
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + content + b"\r\n--B--\r\n"

    def slowly():
        yield body[:100]
        time.sleep(0.6)
        yield body[100:]

    answer = client.http.post(
        "/api/jobs", content=slowly(), headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status_code == 201


@pytest.mark.slow
def test_the_body_of_a_small_request_must_arrive_in_time(service, monkeypatch):
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.3)
    with connected(service(workers=0), HELD["half of a body"]) as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert b"the body of the request did not arrive within 0.3 s; send it again" in answer.read()


@pytest.mark.slow
def test_an_upload_below_the_least_pace_ends_with_the_reason(service):
    client = service(workers=0, limits={"pace_seconds": 0.4, "slowest": 10_000.0})
    with half_sent(client) as connection:
        time.sleep(0.6)
        connection.sendall(bytes(100))
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert b"slower than the 9.76562 KiB/s that this service needs" in answer.read()
    until(lambda: not client.folders())


@pytest.mark.slow
def test_an_upload_that_is_slow_loses_its_place_to_a_new_one_and_gets_the_reason(service, video):
    client = service(workers=0, limits={"uploads": 1})
    with half_sent(client) as connection:
        assert client.send(video).status_code == 201
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert b"slower than the 16 KiB/s that this service needs" in answer.read()
    assert len(client.folders()) == 1


@pytest.mark.slow
def test_more_uploads_than_may_arrive_at_once_are_refused_with_the_number_if_none_is_slow(service, video):
    client = service(workers=0, limits={"uploads": 1, "slowest": 0.0})
    with half_sent(client):
        answer = client.send(video)
        assert answer.status_code == 429
        assert "at most 1 uploads at the same time, and this number is reached; send it again" in answer.json()["error"]
    until(lambda: not client.folders())
    assert client.send(video).status_code == 201


@pytest.mark.slow
def test_an_upload_that_the_end_of_the_service_interrupts_gets_the_reason_and_leaves_nothing(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(server, "SECONDS_TO_FINISH", 1)
    with ExitStack() as stack:
        with listening(tmp_path / "jobs", workers=0) as client:
            connection = stack.enter_context(half_sent(client))
            until(client.folders)
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 503
        assert b"the service was stopped before it had this request; send it again" in answer.read()
    assert client.folders() == []
    assert "Traceback" not in capsys.readouterr().err

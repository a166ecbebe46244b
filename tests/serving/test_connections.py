"""Clients that send nothing, or slowly, keep nobody out."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from merlab.serving import connections
from tests.serving.conftest import Client, until
from tests.serving.test_attacks import half_sent

MORE_THAN_OPEN = connections.MAX_CONNECTIONS + 10


@contextmanager
def connected(client: Client, sent: bytes = b""):
    """A connection on which these bytes were sent."""
    address = urlsplit(str(client.http.base_url))
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(sent)
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the service has closed a connection; the service sends nothing on it before."""
    connection.settimeout(30)
    return connection.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", b"GET /api HTTP/1.1\r\nHost: 127"], ids=["nothing", "half of the headers"])
def test_many_connections_without_a_request_keep_nobody_out(service, sent):
    client = service()
    with ExitStack() as stack:
        waiting = [stack.enter_context(connected(client, sent)) for _ in range(MORE_THAN_OPEN)]
        for _ in range(3):
            with connected(client, b"GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n") as other:
                answer = HTTPResponse(other)
                answer.begin()
                assert answer.status == 200
        assert is_closed(waiting[0])


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


def test_a_slow_upload_is_not_cut_off(service, video, monkeypatch):
    """The limit is for headers only, not for the body of a request."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    client = service()
    content = video.read_bytes()
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + content + b"\r\n--B--\r\n"

    def slowly():
        yield body[:100]
        time.sleep(1)
        yield body[100:]

    answer = client.http.post(
        "/api/jobs", content=slowly(), headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status_code == 201


def wait_for_folders(client: Client, number: int) -> None:
    until(lambda: len(client.folders()) >= number)


def test_slow_uploads_do_not_keep_others_from_sending(service, video):
    client = service()
    with ExitStack() as stack:
        for number in range(16):
            stack.enter_context(half_sent(client))
            wait_for_folders(client, number + 1)
        job = client.send(video)
        assert job.status_code == 201
        assert client.wait_for(job.json()["id"], "done", "failed")["state"] == "done"


def test_an_upload_below_the_least_pace_ends_with_the_reason(service):
    client = service(limits={"pace_seconds": 0.4, "slowest": 10_000.0})
    with half_sent(client) as connection:
        time.sleep(0.6)
        connection.sendall(bytes(100))
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert b"slower than the 9.76562 KiB/s that this service needs" in answer.read()
    until(lambda: not client.folders())


def test_more_uploads_than_may_arrive_at_once_are_refused_with_the_number(service, video):
    client = service(limits={"uploads": 1})
    with half_sent(client):
        answer = client.send(video)
        assert answer.status_code == 429
        assert "at most 1 uploads at the same time, and this number is reached; send it again" in answer.json()["error"]
    until(lambda: not client.folders())
    assert client.send(video).status_code == 201

"""What is checked of every request, before a route reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from merlab.serving import guard
from merlab.serving.guard import HEADERS, MAX_BODY, Guard

HOST = "mycomputer:8765"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the method and the size of the body, and with a policy of its own."""
    body = await Request(scope, receive).body()
    own = {"X-Frame-Options": "SAMEORIGIN"}
    await PlainTextResponse(f"{scope['method']} {len(body)}", headers=own)(scope, receive, send)


def ask(method: str = "GET", path: str = "/api/jobs", **request: Any) -> httpx.Response:
    """The answer of a service that was started with --host MyComputer."""
    transport = httpx.ASGITransport(Guard(echo, ["MyComputer"], unbounded="/api/jobs"))

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            return await client.request(method, path, **request)

    return asyncio.run(answer())


@pytest.mark.parametrize(
    "host", ["mycomputer", "MYCOMPUTER:8765", "127.0.0.1:1", "192.168.178.20", "[::1]:8765", "[fe80::1]"]
)
def test_a_host_that_is_the_service_in_any_letters_or_an_ip_address_is_answered(host):
    assert ask(headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "mycomputer.attacker.example", "mycomputer@attacker.example", "[::1"])
def test_another_host_is_refused(host):
    assert ask(headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://mycomputer"},
        {"Origin": "http://attacker.example"},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_no_change_of_a_page_of_another_site_or_port_is_made(method, headers):
    assert ask(method, headers=headers).status_code == 403
    assert ask("GET", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}, {}])
def test_a_change_of_the_page_of_the_service_and_of_a_program_is_made(headers):
    assert ask("DELETE", headers={"Origin": f"http://{HOST}", **headers}).text == "DELETE 0"
    assert ask("DELETE", headers=headers).text == "DELETE 0"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_uploads_may_have_a_large_body(method):
    assert ask(method, content=bytes(MAX_BODY + 1)).text == f"{method} {MAX_BODY + 1}"
    assert ask(method, "/api/jobs/local", content=bytes(MAX_BODY)).text == f"{method} {MAX_BODY}"
    assert ask(method, "/api/jobs/local", content=bytes(MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1_0", " ", "1e2"])
def test_a_length_that_is_not_a_number_is_refused(length):
    assert ask("POST", "/api/jobs/local", headers={"Content-Length": length}).status_code == 413


def test_head_is_answered_as_get_and_what_a_route_states_itself_stays():
    answer = ask("HEAD")
    assert answer.headers["content-length"] == str(len("GET 0"))
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS | {"X-Frame-Options": "SAMEORIGIN"}


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_body_of_a_small_request_must_arrive_at_once(monkeypatch, method):
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.01)

    async def half() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(0.05)
        yield b"}"

    late = ask(method, "/api/jobs/local", content=half(), headers={"Content-Length": "2"})
    message = "the body of the request did not arrive within 0.01 s; send it again"
    assert (late.status_code, late.json()) == (408, {"error": message})
    assert ask(method, content=half(), headers={"Content-Length": "2"}).text == f"{method} 2"


def test_browsers_are_told_to_keep_the_page_alone_and_to_store_nothing():
    """Values of the standards (Fetch, HTML, CSP 3, RFC 9111) that forbid most."""
    headers = ask(path="/").headers
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    assert {name: headers[name] for name in expected} == expected
    assert HEADERS["X-Frame-Options"] == "DENY"
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
    assert policy.pop("default-src") == "'self'"
    assert policy == dict.fromkeys(("base-uri", "form-action", "frame-ancestors", "object-src"), "'none'")


@pytest.mark.parametrize("begun", [False, True])
def test_a_request_that_the_end_of_the_service_interrupts_is_answered_where_this_is_possible(begun):
    """Uvicorn cancels it. What raises there is printed with a traceback, and answered with plain text."""
    sent = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def receive() -> Any:
        """Never called."""

    async def keep(message: Any) -> None:
        sent.append(message)

    async def interrupt() -> None:
        scope = {"type": "http", "method": "GET", "path": "/api/jobs", "headers": [(b"host", HOST.encode())]}
        guarded = Guard(app, ["mycomputer"], unbounded="/api/jobs")
        answering = asyncio.create_task(guarded(scope, receive, keep))
        await asyncio.sleep(0)
        answering.cancel()
        await answering

    asyncio.run(interrupt())
    assert sent[0]["status"] == (200 if begun else 503)
    assert {name.lower().encode() for name in HEADERS} <= {name for name, _ in sent[0]["headers"]}
    error = b'{"error":"the service was stopped before it had this request; send it again when the service runs again"}'
    assert [message["body"] for message in sent[1:]] == ([] if begun else [error])

"""An upload may take long, but not pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from merlab.serving.arrivals import Arrival
from merlab.serving.limits import Limits, RefusedError
from merlab.serving.uploads import receive_video

HEADERS = {"content-type": "multipart/form-data; boundary=B"}
HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
END = b"\r\n--B--\r\n"


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose clock can be moved."""

    later = 0.0

    def time(self) -> float:
        return super().time() + self.later


def receive(folder, chunks, pause: float):
    """What is received of an upload with a pause, in seconds, before each chunk."""
    loop = Clock()

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            loop.later += pause
            # What is due by then is done.
            for _ in range(3):
                await asyncio.sleep(0)
            yield chunk

    async def received():
        request: Any = SimpleNamespace(headers=HEADERS, stream=stream)
        return await receive_video(request, folder, Limits(), Arrival(Limits()))

    try:
        return loop.run_until_complete(received())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_an_upload_that_takes_more_than_an_hour_without_a_long_pause(tmp_path):
    name, path = receive(tmp_path, [HEAD, *[bytes(100)] * 80, END], pause=50.0)
    assert (name, path.stat().st_size) == ("a.mp4", 8000)


def test_an_upload_that_pauses_for_more_than_a_minute(tmp_path):
    with pytest.raises(RefusedError, match="a pause in the upload took too long; send it again") as refused:
        receive(tmp_path, [HEAD, bytes(100), END], pause=61.0)
    assert refused.value.status == 408


def received(folder, *chunks: bytes, limits: Limits | None = None, **headers: str) -> tuple[str, bytes, list[int]]:
    """The name and the content of an upload that arrives at once, and the bytes that were counted."""

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    counted: list[int] = []
    request: Any = SimpleNamespace(headers=HEADERS | headers, stream=stream)
    arrival: Any = SimpleNamespace(count=counted.append)
    folder.mkdir(exist_ok=True)
    name, path = asyncio.run(receive_video(request, folder, limits or Limits(), arrival))
    return name, path.read_bytes(), counted


def test_all_bytes_of_an_upload_count_for_its_pace(tmp_path):
    assert received(tmp_path, HEAD, b"abc", END) == ("a.mp4", b"abc", [len(HEAD), 3, len(END)])


@pytest.mark.parametrize("stated", [True, False])
def test_an_upload_of_the_most_bytes_is_taken_and_one_byte_more_is_not(tmp_path, stated):
    """64 KiB are for what multipart adds to the file; one that states its length is refused before it arrives."""
    limits = Limits(bytes=2**20)
    content = bytes(2**20 + 2**16 - len(HEAD + END))
    length = {"content-length": str(2**20 + 2**16)} if stated else {}
    assert received(tmp_path / "1", HEAD, content, END, limits=limits, **length)[1] == content
    sent = [HEAD] if stated else [HEAD, content, b"x" + END]
    length = {"content-length": str(2**20 + 2**16 + 1)} if stated else {}
    with pytest.raises(RefusedError, match="larger than the 1 MiB that this service accepts") as refused:
        received(tmp_path / "2", *sent, limits=limits, **length)
    assert refused.value.status == 413


def test_a_quote_in_a_name_arrives_as_a_quote_and_what_is_not_in_the_file_is_not_written(tmp_path):
    beside = b'\r\n--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file'
    name, content, _ = received(tmp_path, HEAD.replace(b"a.mp4", b"a%22b.mp4"), b"abc", beside, END)
    assert (name, content) == ('a"b.mp4', b"abc")


@pytest.mark.parametrize(
    ("head", "status", "problem"),
    [
        (HEAD.replace(b"a.mp4", b""), 415, "the name of the file is empty"),
        (HEAD.replace(b"a.mp4", b" / "), 415, "the name of the file is empty"),
        (HEAD.replace(b' filename="a.mp4"', b""), 400, 'no complete part named "file" with a file name'),
        (HEAD.replace(b' name="file";', b""), 400, "a part of the request has no name"),
        (HEAD + b"x\r\n" + HEAD, 400, "can hold only one video"),
    ],
)
def test_an_upload_whose_file_has_no_name_or_that_is_not_one_file_is_refused(tmp_path, head, status, problem):
    with pytest.raises(RefusedError, match=problem) as refused:
        received(tmp_path, head, b"abc", END)
    assert refused.value.status == status

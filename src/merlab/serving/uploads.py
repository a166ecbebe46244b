"""Receives a video: it is written to the disk and counted while it arrives, and never held in memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import anyio
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from merlab.serving.arrivals import Arrival
from merlab.serving.job import UPLOAD
from merlab.serving.known_fields import shown
from merlab.serving.limits import MEBIBYTE, Limits, RefusedError
from merlab.serving.video_names import file_name, shown_name
from merlab.storage import WriteError

# The most bytes that multipart adds to a file.
ENVELOPE = 64 * 1024


async def receive_video(request: Request, folder: Path, limits: Limits, arrival: Arrival) -> tuple[str, Path]:
    """Write the file of a multipart request into ``folder``; returns the client's name of it, and its path.

    ``arrival`` is the upload's place in the service.

    Raises RefusedError as soon as the request exceeds a limit, and WriteError if the disk is full.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.bytes + ENVELOPE:
        raise _too_large(limits)
    receiver = _Receiver(folder / UPLOAD, limits)
    try:
        receiver.expect(request.headers.get("content-type", ""))
        await _feed(receiver, request, limits, arrival)
        return receiver.finish()
    except TimeoutError as error:
        raise RefusedError(408, "a pause in the upload took too long; send it again") from error
    except ClientDisconnect as error:
        raise RefusedError(400, "the upload was interrupted; send it again") from error
    except FormParserError as error:
        raise RefusedError(400, f"the request is not valid multipart/form-data: {error}; send it again") from error
    except OSError as error:
        raise WriteError.at(Path("the upload"), error) from error
    finally:
        receiver.close()


async def _feed(receiver: _Receiver, request: Request, limits: Limits, arrival: Arrival) -> None:
    """Receive the whole body; raises TimeoutError for a pause that is too long, and RefusedError for a slow upload."""
    chunks = aiter(request.stream())
    while True:
        with anyio.fail_after(limits.idle_seconds):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        await run_in_threadpool(receiver.write, chunk)
        arrival.count(len(chunk))


class _Receiver:
    """Receives the bytes of a multipart request and writes its part ``file``."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._file: BinaryIO | None = None
        self._in_file, self._complete = False, False
        self._bytes = 0
        self._header, self._value, self._disposition = b"", b"", b""
        self._name = ""

    def expect(self, content_type: str) -> None:
        """Prepare for a body of this type; raises RefusedError (415) unless it is multipart/form-data."""
        kind, parameters = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in parameters:
            raise RefusedError(415, 'send the video as multipart/form-data with a part named "file"')
        self._parser = MultipartParser(
            parameters[b"boundary"],
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open_part,
                "on_part_data": self._take_data,
                "on_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Receive the next bytes of the body; raises RefusedError if they exceed a limit or begin a second file."""
        self._bytes += len(chunk)
        if self._bytes > self._limits.bytes + ENVELOPE:
            raise _too_large(self._limits)
        self._parser.write(chunk)

    def finish(self) -> tuple[str, Path]:
        """Name and path of the file after the end of the body; raises RefusedError (400) if it is incomplete."""
        if not self._complete or self._file is None:
            raise RefusedError(
                400, 'the request has no complete part named "file" with a file name; send the video as this part'
            )
        self._file.close()
        path = Path(self._file.name)
        if not path.stat().st_size:
            raise RefusedError(400, f"{self._name} is empty (0 bytes); send the video itself")
        return self._name, path

    def close(self) -> None:
        """Close the file, complete or not."""
        if self._file is not None:
            self._file.close()

    def _begin_part(self) -> None:
        self._disposition = b""

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if not name:
            raise RefusedError(400, 'a part of the request has no name; send the video as a part named "file"')
        if name != "file":
            raise RefusedError(
                422,
                f"{shown(name)} is not a part of this request; send the video as the part file, and options in the "
                "address, as in /api/jobs?fps=200",
            )
        self._in_file = b"filename" in options
        if not self._in_file:
            return
        if self._file is not None:
            raise RefusedError(400, "a request can hold only one video; send each video in its own request")
        # Browsers and curl send this for a quote.
        given = options[b"filename"].decode("utf-8", "replace").replace("%22", '"')
        if not given.strip("/\\ "):
            raise RefusedError(415, "the name of the file is empty; send the video under its name")
        self._name = shown_name(given)
        path = self._folder / file_name(self._name)
        self._folder.mkdir()
        self._file = path.open("xb")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file and self._file is not None:
            self._file.write(data[start:end])

    def _end(self) -> None:
        self._complete = True


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(
        413, f"the upload is larger than the {limits.bytes / MEBIBYTE:g} MiB that this service accepts; cut the video"
    )

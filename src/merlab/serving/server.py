"""The address of the service, and its HTTP server."""

from __future__ import annotations

import errno
import ipaddress
import socket

import uvicorn
from fastapi import FastAPI

from merlab.errors import MerlabError
from merlab.serving.connections import MAX_CONNECTIONS, LimitedConnection

SECONDS_TO_FINISH = 3


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 chooses a free port. Raises MerlabError if the address or port cannot be used."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError) as error:  # names such as ".." cannot even be looked up
        raise MerlabError(f"no machine has the address {host}; choose another --host, such as 127.0.0.1") from error
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        option = "--host" if error.errno == errno.EADDRNOTAVAIL else "--port"
        raise MerlabError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; choose another {option}"
        ) from error


def is_loopback(host: str) -> bool:
    """Whether an address can be reached only from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_server(app: FastAPI) -> uvicorn.Server:
    """An HTTP server that keeps no record of requests."""
    config = uvicorn.Config(
        app,
        http=LimitedConnection,
        # A connection that becomes a WebSocket would escape the limits.
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return uvicorn.Server(config)

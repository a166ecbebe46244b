"""The service as a process: an address, and the server that answers there."""

from __future__ import annotations

import ipaddress
import socket

import uvicorn
from fastapi import FastAPI

from merlab.errors import MerlabError

SECONDS_TO_FINISH = 3
MOST_CONNECTIONS = 100


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises MerlabError where that cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise MerlabError(f"cannot listen on {host}, port {port}: {error.strerror or error}; choose --port") from error


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server that keeps no record of who asked for what."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return uvicorn.Server(config)

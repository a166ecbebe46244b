"""Refuses what a request states and no route reads, and what it states twice: it would have no effect, in silence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import Request

from merlab.serving.limits import RefusedError

JSON = "application/json"


async def require_known(request: Request) -> None:
    """Check the options in the address, and the fields of a JSON body, before a route reads them.

    The models of bodies refuse unknown fields themselves. Raises RefusedError (415, 422).
    """
    operation = _operation(request)
    known = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    sent = [name for name, _ in request.query_params.multi_items()]
    if unknown := sorted(set(sent) - set(known)):
        rest = f"; its options are {', '.join(known)}" if known else ", which has none; leave it out"
        raise RefusedError(422, f"{shown(unknown[0])} is no option of this address{rest}")
    _require_once(sent)
    if JSON in operation.get("requestBody", {}).get("content", {}):
        _check_json(request.headers.get("content-type", ""), await request.body())


def shown(name: str) -> str:
    """The name of a field as a message quotes it."""
    return repr(name[:60])


def _operation(request: Request) -> dict[str, Any]:
    """What /openapi.json says about the route of a request."""
    paths: dict[str, dict[str, dict[str, Any]]] = request.app.openapi()["paths"]
    return paths[request.scope["route"].path_format][request.method.lower()]


def _check_json(content_type: str, body: bytes) -> None:
    if body and content_type.partition(";")[0].strip().lower() != JSON:
        raise RefusedError(415, f"this address reads JSON; send the header Content-Type: {JSON}")
    try:
        content = json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return  # the route answers what is no JSON
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RefusedError(
            422, "a text of the body has half of a character (\\ud800 to \\udfff); correct it"
        ) from error


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    _require_once(name for name, _ in pairs)
    return dict(pairs)


def _require_once(names: Iterable[str]) -> None:
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise RefusedError(422, f"{shown(twice[0])} is given more than once; give it once")

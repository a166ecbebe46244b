"""The service as an application: its routes, its page, and its answers to errors."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from merlab.errors import MerlabError
from merlab.serving.coding_routes import add_coding
from merlab.serving.guard import HEADERS, Guard, refusal
from merlab.serving.job import Failure
from merlab.serving.job_routes import UPLOADS, add_jobs, add_sending, add_service
from merlab.serving.job_runner import Runner
from merlab.serving.jobs import Jobs
from merlab.serving.known_fields import require_known
from merlab.serving.limits import RefusedError
from merlab.serving.ranges import RangeErrors
from merlab.serving.result_routes import add_results
from merlab.serving.worker import SHIPPED, Recognize
from merlab.storage import WriteError
from merlab.version import __version__

STATIC = Path(__file__).parent / "static"
PAGE_TYPES = {
    **{f".{kind}": f"text/{kind}; charset=utf-8" for kind in ("html", "css")},
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# What the server itself answers, and its remedy.
WRONG_ADDRESSES = {
    400: "the body of the request cannot be read; send it as /openapi.json describes",
    404: "there is nothing at this address; /openapi.json lists all of them",
    405: "this address does not accept this method; /openapi.json lists those that it accepts",
}

UNKNOWN_FIELD = "there is no such field; leave it out, or correct its name as in /openapi.json"


def make_app(
    jobs: Jobs,
    recognize: Recognize,
    *,
    roots: Sequence[Path] = (),
    names: Sequence[str] = (),
    workers: int = 1,
    weights: Sequence[str] = tuple(SHIPPED),
) -> FastAPI:
    """The service for the jobs of a folder.

    ``roots`` are the folders whose files can be used without an upload. ``names`` are host names of the service besides
    ``localhost`` and IP addresses. ``weights`` are the names of the weights that ``recognize`` knows, the default
    first.
    """
    runner = Runner(jobs, recognize, workers)
    app = _empty_app(runner)
    app.add_middleware(RangeErrors)
    app.add_middleware(Guard, names=["localhost", *names], unbounded=UPLOADS)
    _add_errors(app)
    add_service(app, jobs, roots, weights)
    add_sending(app, jobs, roots, weights)
    add_jobs(app, jobs, runner)
    add_results(app, jobs)
    add_coding(app, jobs)
    # A mount would match every address, also those that routes know under another method.
    app.router.default = _Page(directory=STATIC, html=True)
    return app


class _Page(StaticFiles):
    """The files of the page, with types that do not depend on the machine.

    By the registry of Windows, a script may be plain text, which browsers do not run.
    """

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if "Content-Type" in response.headers:
            response.headers["Content-Type"] = PAGE_TYPES[Path(full_path).suffix]
        return response


def _empty_app(runner: Runner) -> FastAPI:
    """An application without routes, during whose life the runner runs."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        runner.stop()

    return FastAPI(
        title="merlab",
        version=__version__,
        summary="Spots, recognizes and explains micro-expressions in videos. Results are observations, not verdicts.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        dependencies=[Depends(require_known)],
        responses={"4XX": {"model": Failure}, "5XX": {"model": Failure}},
    )


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(MerlabError)
    async def refuse(_: Request, error: MerlabError) -> JSONResponse:
        if isinstance(error, WriteError):
            error = RefusedError(507, str(error))
        return refusal(error if isinstance(error, RefusedError) else RefusedError(400, str(error)))

    @app.exception_handler(HTTPException)
    async def refuse_route(request: Request, error: HTTPException) -> JSONResponse:
        message = WRONG_ADDRESSES.get(error.status_code, str(error.detail))
        headers = error.headers if error.status_code != 405 else {"Allow": ", ".join(_accepted(request))}
        return JSONResponse({"error": message}, error.status_code, headers)

    @app.exception_handler(Exception)
    async def report(_: Request, error: Exception) -> JSONResponse:
        """An error of merlab; the server prints it. This answer does not pass the guard, which adds the headers."""
        message = "the service failed by an error of merlab; its terminal shows more"
        return JSONResponse({"error": message}, 500, HEADERS)

    @app.exception_handler(RequestValidationError)
    async def refuse_request(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = {".".join(map(str, each["loc"]))[:100]: _problem(each) for each in error.errors()}
        return JSONResponse({"error": "; ".join(map(": ".join, problems.items()))}, 422)


def _accepted(request: Request) -> list[str]:
    """The methods that an address accepts; each is a route of its own, and a file of the page has no route."""
    here = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in here for method in route.methods} or {"GET"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _problem(found: Mapping[str, Any]) -> str:
    """What pydantic says about a field, with a remedy where it has none."""
    if found["type"] == "json_invalid":
        return f"JSON decode error: {found['ctx']['error']}; send JSON as /openapi.json describes it"
    return UNKNOWN_FIELD if found["type"] == "extra_forbidden" else str(found["msg"])

"""Options of a network: which ones it has, and what they may be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from merlab.errors import MerlabError


def checked_options(method: str, network: Callable[..., object], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as ``network`` takes them: its keyword-only parameters, which may be text: ``{"width": "0.5"}``.

    Raises MerlabError, with the name of the ``method``, for an option that the network does not have, a value that it
    does not take, and one that a file cannot state.
    """
    parameters = inspect.signature(network, eval_str=True).parameters
    known = {each.name: each for each in parameters.values() if each.kind is inspect.Parameter.KEYWORD_ONLY}
    chosen: dict[str, Any] = {}
    for option, value in options.items():
        if option not in known:
            offered = ", ".join(known) or "none"
            raise MerlabError(f"the network of {method} has no option {option!r}; its options: {offered}")
        kind: TypeAdapter[object] = TypeAdapter(_type_of(known[option]))
        try:
            chosen[option] = kind.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"] + _range_of(kind)
            raise MerlabError(f"network option {option} of {method}: {reason}, got {value!r}") from error
    require_storable(method, chosen)
    return chosen


def require_storable(method: str, options: Mapping[str, Any]) -> None:
    """Raise MerlabError for an option of the network that a file such as run.json cannot state."""
    for option, value in options.items():
        try:
            to_jsonable_python(value)
        except PydanticSerializationError as error:
            raise MerlabError(
                f"network option {option} of {method} is {value!r}, which run.json cannot state; give a text or "
                "a number, and have the network look up by it what it stands for"
            ) from error


def _type_of(option: inspect.Parameter) -> Any:
    """What an option of a network may be: as it states, else like its default; anything where neither tells."""
    if option.annotation is not option.empty:
        return option.annotation
    return type(option.default) if isinstance(option.default, bool | int | float | str) else Any


def _range_of(kind: TypeAdapter[object]) -> str:
    """The range of a number with bounds, for messages; empty for everything else."""
    schema = kind.json_schema() if kind.core_schema["type"] in {"int", "float"} else {}
    low, high = schema.get("minimum"), schema.get("maximum")
    # Older versions of pydantic write 16.0.
    return "" if low is None or high is None else f"; the range is {low:.12g} to {high:.12g}"

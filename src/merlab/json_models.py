"""Pydantic models: made in Python, or read from JSON files; what is wrong with values or a file that are not one.

A file has a digest of its other entries as its last entry, so that a changed number is noticed. Files of earlier
versions have none, and are read too.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from merlab.errors import MerlabError
from merlab.json_files import as_json, read_json, write_json
from merlab.registry import look_up
from merlab.version import __version__

Model = TypeVar("Model", bound=BaseModel)
NOT_OURS = f"is damaged, or not of merlab {__version__}"
DIGEST = "content_digest"
# Where files state the version of merlab that wrote them, beside their first level.
STATING = ("versions", "asked", "requested")
WRITE_AGAIN = "choose a new folder, or remove this one and run the command that wrote it again"


class FrozenModel(BaseModel):
    """A model whose fields do not change."""

    model_config = ConfigDict(frozen=True)


class ClosedModel(FrozenModel):
    """A model whose fields do not change, and that takes no others."""

    model_config = ConfigDict(extra="forbid")


class FieldError(MerlabError, ValueError):
    """A wrong field; where the model is part of another, pydantic adds the field of the other to the message."""


class GivenModel(BaseModel):
    """A model that users make in Python: a field that is wrong or does not exist is a MerlabError that names it."""

    # The word for a field in messages, in the singular.
    field_word: ClassVar[str] = "field"

    def __init__(self, **values: Any) -> None:
        for name in values:
            self.require_field(name)
        try:
            super().__init__(**values)
        except ValidationError as error:
            fault = error.errors()[0]
            got = "" if fault["type"] in {"missing", "value_error"} else f", got {fault['input']!r}"
            place = "".join(f" {name}" for name in fault["loc"][:1])
            raise FieldError(f"{self.field_word}{place}: {_reason(fault)}{got}") from error

    @classmethod
    def require_field(cls, name: str) -> None:
        """Raises MerlabError that suggests the closest field and lists all for a name that is none."""
        try:
            look_up(name, cls.model_fields, cls.field_word)
        except MerlabError as error:
            raise FieldError(str(error)) from error


def read_model(path: Path, kind: type[Model], fault: str = NOT_OURS, remedy: str = WRITE_AGAIN) -> Model:
    """The model in a file; raises MerlabError where it is missing, damaged, or not what this version of merlab reads.

    ``fault`` and ``remedy`` complete the message: "PATH fault (field: reason); remedy". A file that states another
    version of merlab may be one of it, or of another kind, or damaged: the message names the version too.
    """
    content = read_sealed(path, remedy)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise MerlabError(f"{path} {fault}{_other_writer(content)} ({first_fault(error)}); {remedy}") from error


def _other_writer(content: object) -> str:
    """That another version of merlab wrote this content, if it states so, as the end of a message."""
    stated = writer_of(content)
    if stated is None or stated.partition("+")[0] == __version__:
        return ""
    return f"; it states that merlab {stated} wrote it"


def writer_of(content: object) -> str | None:
    """The version of merlab that the content of a file states; None where it states none."""
    places = (content, *map(content.get, STATING)) if isinstance(content, dict) else ()
    stated = [place["merlab"] for place in places if isinstance(place, dict) and isinstance(place.get("merlab"), str)]
    return stated[0] if stated else None


def write_model(path: Path, model: BaseModel, *, by_alias: bool = False) -> None:
    """Write a model as indented JSON with its digest, whole or not at all; a model that is a list has no digest."""
    write_json(path, sealed(model.model_dump(mode="json", by_alias=by_alias)))


def sealed(content: Any) -> Any:
    """The content of a JSON file with its digest as the last entry; a list as it is."""
    plain = as_json(content)
    return {**plain, DIGEST: _digest(plain)} if isinstance(plain, dict) else plain


def read_sealed(path: Path, remedy: str = WRITE_AGAIN) -> Any:
    """The content of a JSON file without its digest; raises MerlabError if it is damaged. A digest may be absent."""
    content = read_json(path, remedy)
    if not isinstance(content, dict) or DIGEST not in content:
        return content
    plain = {name: value for name, value in content.items() if name != DIGEST}
    if content[DIGEST] != _digest(plain):
        raise MerlabError(f"{path} is damaged: its content differs from the digest that was stored with it; {remedy}")
    return plain


def has_digest(path: Path) -> bool:
    """Whether a JSON file states a digest; raises MerlabError if it is damaged."""
    content = read_json(path)
    return isinstance(content, dict) and DIGEST in content


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def first_fault(error: ValidationError) -> str:
    """The first field that is wrong and why, ``seeds.0: Input should be ...``."""
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'content'}: {_reason(fault)}"


def _reason(fault: ErrorDetails) -> str:
    return fault["msg"].removeprefix("Value error, ")

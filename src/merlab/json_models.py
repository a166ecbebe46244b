"""Pydantic models as JSON files, and what is wrong with a file or settings that are not one."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from merlab.errors import MerlabError
from merlab.storage import read_json, write_json
from merlab.version import __version__

Model = TypeVar("Model", bound=BaseModel)
NOT_OURS = f"is damaged, or not of merlab {__version__}"
WRITE_AGAIN = "choose a new folder, or remove this one and run the command that wrote it again"


def read_model(path: Path, kind: type[Model], fault: str = NOT_OURS, remedy: str = WRITE_AGAIN) -> Model:
    """The model in a file; raises MerlabError where it is missing, damaged, or not what this version of merlab reads.

    ``fault`` and ``remedy`` complete the message: "PATH fault (field: reason); remedy".
    """
    try:
        return kind.model_validate(read_json(path))
    except ValidationError as error:
        raise MerlabError(f"{path} {fault} ({first_fault(error)}); {remedy}") from error


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as indented JSON, whole or not at all."""
    write_json(path, model.model_dump(mode="json"))


def first_fault(error: ValidationError, whole: str = "content") -> str:
    """The first field that is wrong and why, ``seeds.0: Input should be ...``; ``whole`` names what has no field."""
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])) or whole}: {fault['msg']}"

"""Pydantic models as JSON files."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from merlab.errors import MerlabError
from merlab.storage import read_json, write_json
from merlab.version import __version__

Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, kind: type[Model]) -> Model:
    """The model in a file; raises MerlabError where it is missing, damaged, or not what this merlab reads."""
    try:
        return kind.model_validate(read_json(path))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise MerlabError(
            f"{path} is damaged, or not of merlab {__version__} ({place}: {fault['msg']}); choose a new folder, or "
            "remove this one and run the command that wrote it again"
        ) from error


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as indented JSON, whole or not at all."""
    write_json(path, model.model_dump(mode="json"))

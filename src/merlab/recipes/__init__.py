"""Published experiments: one YAML file each, ``<paper>_<method>_<database>.yaml``, and a table of published results.

A file states what to run to repeat the experiment, the figures published for it with their place, what the
publication leaves open and what is assumed instead, and where it contradicts itself. Facts about a whole paper are
given once, in ``papers/<paper>.yaml``. ``published.csv`` holds figures of many papers with the rule that selected
their model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from merlab.clips import ClipTable
from merlab.databases import find_database
from merlab.errors import MerlabError
from merlab.evaluation.plan import Entry
from merlab.evaluation.study import MethodSetup
from merlab.inputs import parse_recipe
from merlab.json_models import ClosedModel, first_fault
from merlab.methods import find_method
from merlab.recipes.published import Published, published_results
from merlab.registry import look_up
from merlab.schemes import find_scheme
from merlab.spelling import shortened
from merlab.vocabulary import PROTOCOLS
from merlab.yaml_files import read_yaml

FOLDER = Path(__file__).parent
PAPERS = FOLDER / "papers"

Metric = Literal["accuracy", "uf1", "uar", "precision", "recall", "parameters", "macs", "fps"]
Content = TypeVar("Content", bound=BaseModel)

# No setting is larger: epochs, widths, rates.
LARGEST = 1e6


class PublishedValue(ClosedModel):
    """One published number: a share for accuracy, uf1, uar, precision and recall, else a count; ``fps`` a second."""

    metric: Metric
    value: float = Field(gt=0, strict=True, allow_inf_nan=False)
    source: str


class Paper(ClosedModel):
    """A publication: what it leaves open, with what is assumed instead, and where it contradicts itself."""

    title: str
    authors: str
    year: int | None = Field(strict=True, ge=1800, le=2200)
    silent: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()


class Experiment(ClosedModel):
    """A published experiment, ready to run.

    ``training`` and ``network`` replace single settings of the preset. ``seeds`` is merlab's number where the paper
    names none. ``silent`` and ``contradictions`` are those of this experiment alone; the paper has its own.
    """

    paper: str
    method: str
    preset: str
    input: str
    training: dict[str, Any] = Field(default_factory=dict)
    network: dict[str, Any] = Field(default_factory=dict)
    database: str
    scheme: str
    protocol: str
    seeds: int = Field(strict=True, ge=1, le=10_000)
    published: tuple[PublishedValue, ...] = Field(min_length=1)
    silent: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_run(self) -> Experiment:
        _require_sensible({**self.training, **self.network}, self.entry)
        if self.entry().preset.needs:
            raise MerlabError(
                f"preset {self.preset} of {self.method} needs weights to start from or synthetic flow, which an "
                "experiment cannot name; choose another preset"
            )
        find_database(self.database)
        find_scheme(self.scheme)
        if self.protocol not in PROTOCOLS:
            raise MerlabError(f"unknown protocol {self.protocol!r}; protocols are {', '.join(PROTOCOLS)}")
        find_paper(self.paper)
        return self

    @property
    def name(self) -> str:
        """The name of its file without ``.yaml``."""
        return f"{self.paper}_{self.method}_{self.database}"

    @property
    def setup(self) -> MethodSetup:
        """The method with its preset, input and settings as written; raises MerlabError naming what does not exist."""
        return MethodSetup(
            method=find_method(self.method),
            preset=self.preset,
            recipe=parse_recipe(self.input),
            training=self.training,
            network=self.network,
        )

    def entry(self) -> Entry:
        """The method with all its settings; raises MerlabError naming what does not exist."""
        return self.setup.entry(ClipTable(()), range(self.seeds))


def _require_sensible(given: Mapping[str, Any], entry: Callable[[], Entry]) -> None:
    """Raises MerlabError for a number that is too large, and for a truth value that would be read as a number.

    YAML reads no, off, yes and on as truth values; as a number they would be 0 and 1.
    """
    _require_finite(given)
    preset = entry().preset
    used = {**preset.network, **(preset.training.model_dump() if preset.training else {})}
    # A text such as 1e999 is a number only now.
    _require_finite({name: value for name, value in used.items() if name in given})
    for name, value in given.items():
        stated, needed = isinstance(value, bool), isinstance(used.get(name, value), bool)
        if stated != needed and not isinstance(value, str):
            remedy = "write true or false" if needed else "write a number"
            raise MerlabError(f"{name} is {value}, which YAML reads as {type(value).__name__}; {remedy}")


def _require_finite(settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        if isinstance(value, (int, float)) and not abs(value) <= LARGEST:
            raise MerlabError(f"{name} is {shortened(str(value))}; give a finite number up to {LARGEST:,.0f}")


@lru_cache
def experiments() -> dict[str, Experiment]:
    """Every experiment that comes with merlab, by name."""
    return {path.stem: read_experiment(path) for path in sorted(FOLDER.glob("*.yaml"))}


def find_experiment(name: str) -> Experiment:
    """The experiment of this name, or of this YAML file; raises MerlabError naming what is wrong."""
    if name.endswith((".yaml", ".yml")):
        return read_experiment(Path(name))
    return look_up(name, experiments(), "recipe")


def experiment_of(method: str) -> Experiment:
    """The first experiment that comes with merlab for a method; raises MerlabError where it has none."""
    by_method: dict[str, Experiment] = {}
    for experiment in experiments().values():
        by_method.setdefault(experiment.method, experiment)
    return look_up(method, by_method, "method")


def find_paper(key: str) -> Paper:
    """The paper of this key; raises MerlabError naming those that exist."""
    paths = {path.stem: path for path in sorted(PAPERS.glob("*.yaml"))}
    return _read(look_up(key, paths, "paper"), Paper)


def read_experiment(path: Path) -> Experiment:
    """The experiment in a YAML file; raises MerlabError naming file, field and fault."""
    return _read(path, Experiment)


def _read(path: Path, kind: type[Content]) -> Content:
    content = read_yaml(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise MerlabError(f"{path}: {first_fault(error)}; correct the file") from error
    except MerlabError as error:
        raise MerlabError(f"{path}: {error}; correct the file") from error
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise MerlabError(f"{path} has a value of the wrong kind or size ({error}); correct it") from error


__all__ = [
    "Experiment",
    "Published",
    "PublishedValue",
    "experiment_of",
    "experiments",
    "find_experiment",
    "find_paper",
    "published_results",
    "read_experiment",
]

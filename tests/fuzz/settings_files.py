"""YAML files that users write: recipes of experiments and schemes of classes."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from merlab.recipes import FOLDER, read_experiment
from merlab.schemes import read_scheme
from tests.fuzz.damage import Random, damaged_bytes, damaged_tree
from tests.fuzz.kind import Kind, Reading, SilentChangeError, require

# Values that YAML 1.1 reads as something else than they look like.
SCALARS = (
    *(
        "no",
        "yes",
        "on",
        "off",
        "~",
        "null",
        "true",
        "1_000",
        "0x10",
        "0b11",
        "010",
        "1:30",
        "12:30:45",
        "1e3",
        "1.5e3",
    ),
    *(
        ".inf",
        ".nan",
        "-1",
        "2020-01-01",
        "2020-13-45",
        "2020-01-01 10:00:00",
        "&a [*a]",
        "*missing",
        "&a x",
        "5.0",
        "'5'",
    ),
    *("!!binary x", "!!python/object/apply:os.system [ls]", "!!set {a, b}", "!!timestamp x", "!!int x", "!!float x"),
    *(
        "[" * 3000 + "]" * 3000,
        "{a: " * 3000 + "1" + "}" * 3000,
        "9" * 5000,
        "1" + "0" * 400,
        "- x",
        "{<<: {seeds: 1}}",
    ),
    *(
        "[&a [x, x], &b [*a, *a], &c [*b, *b], &d [*c, *c]]",
        "{? [a] : b}",
        "{a: 1, a: 2}",
        "|",
        ">",
        "'",
        '"',
        "@",
        "%",
    ),
)


class _YamlFile(Kind):
    """A YAML file.

    Silent: a value that differs from what the file says. A truth value is not a number, a key that occurs twice is a
    fault, numbers are decimal; a text with a number is that number.
    """

    text: str

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mine.yaml"
        self.path.write_text(self.text, encoding="utf-8")
        self.sound = self.read()

    def damage(self, random: np.random.Generator) -> str:
        """Damage to bytes, lines, values, or the whole tree."""
        kind = int(random.integers(4))
        if kind == 0:
            done, content = damaged_bytes(self.text.encode(), random)
        elif kind == 1:
            done, tree = damaged_tree(yaml.safe_load(self.text), random)
            content = _dumped(tree).encode("utf-8", "replace")
        else:
            done, content = _damaged_lines(self.text, random)
        self.path.write_bytes(content)
        return done

    def judge(self, reading: Reading) -> str:
        """See the class."""
        if reading.value == self.sound.value:
            return "same"
        try:
            stated = yaml.load(self.path.read_bytes(), _Strict)
        except (yaml.YAMLError, ValueError) as error:
            raise SilentChangeError(f"read as {reading.value}, which is not sound YAML: {error}") from error
        self.compare(reading.value, stated)
        return "plausible"

    @abstractmethod
    def compare(self, value: Any, stated: Any) -> None:
        """Raises SilentChangeError where the value is not what the file states."""


class _Strict(yaml.SafeLoader):
    """Refuses equal keys; a whole number that is not written as a decimal one is a text here."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are written differently."""
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) < len(keys):
            raise yaml.YAMLError("a key occurs twice")
        return super().construct_mapping(node, deep)


_Strict.add_constructor(
    "tag:yaml.org,2002:int",
    lambda loader, node: (
        int(node.value) if node.value.lstrip("+-").isdecimal() and node.value[0] != "0" else node.value
    ),
)


def _dumped(tree: Any) -> str:
    try:
        return yaml.safe_dump(tree, allow_unicode=True)
    except RecursionError:
        return "a: " + "[" * 3000 + "]" * 3000


def _damaged_lines(text: str, random: Random) -> tuple[str, bytes]:
    lines = text.splitlines()
    place, other = (int(random.integers(len(lines))) for _ in range(2))
    kind = int(random.integers(8))
    key, colon, _ = lines[place].partition(": ")
    if kind < 4 and colon:
        lines[place] = f"{key}: {SCALARS[int(random.integers(len(SCALARS)))]}"
        done = f"line: {lines[place][:50]}"
    elif kind == 4:
        lines.insert(other, lines[place])
        done = f"line {place} occurs twice"
    elif kind == 5:
        lines[place] = " " * int(random.integers(1, 5)) + lines[place].lstrip()
        done = f"line {place} is indented"
    elif kind == 6:
        lines[place], lines[other] = lines[other], lines[place]
        done = f"lines {place} and {other} are exchanged"
    else:
        del lines[place]
        done = f"line {place} is gone"
    return done, "\n".join(lines).encode() + b"\n"


def same(value: Any, stated: Any) -> bool:
    """Whether a value is what the file states; a text may state a number, and a list a tuple."""
    if isinstance(value, bool) or isinstance(stated, bool):
        return value is stated or str(value).lower() == str(stated).lower()
    if isinstance(value, (int, float)) and isinstance(stated, (int, float, str)):
        return float(value) == float(stated)
    if isinstance(value, (list, tuple)) and isinstance(stated, (list, tuple)):
        return len(value) == len(stated) and all(same(*pair) for pair in zip(value, stated, strict=True))
    if isinstance(value, dict) and isinstance(stated, dict):
        return all(same(value.get(key), stated[key]) for key in stated)
    return type(value) is type(stated) and value == stated


class RecipeFile(_YamlFile):
    """A recipe of an experiment."""

    name = "recipe (YAML)"
    text = (FOLDER / "dualbranch_gfem_casme2.yaml").read_text(encoding="utf-8").rstrip() + (
        "\ntraining: {epochs: 100, mirror: true, learning_rate: 0.001}\nnetwork:\n  width: 0.5\n"
    )

    def read(self) -> Reading:
        """The experiment, and the settings with which it runs."""
        experiment = read_experiment(self.path)
        preset = experiment.entry().preset
        assert preset.training is not None
        used = {**preset.network, **preset.training.model_dump()}
        return Reading((experiment.model_dump(), used))

    def compare(self, value: Any, stated: Any) -> None:
        """Every entry, and every setting as it is used."""
        content, used = value
        for name, given in stated.items():
            require(same(content[name], given), f"{name} is {content[name]}, the file says {given}")
        for settings in (stated.get("training") or {}, stated.get("network") or {}):
            for name, given in settings.items():
                require(same(used[name], given), f"{name} is {used[name]}, the file says {given}")


class SchemeFile(_YamlFile):
    """A scheme of one's own."""

    name = "scheme (YAML)"
    text = (
        "name: mine\ndescription: two classes\nlabels:\n  happiness: positive\n  disgust: negative\n  fear: negative\n"
        "  surprise: positive\nclasses: [negative, positive]\n"
    )

    def read(self) -> Reading:
        """The scheme."""
        scheme = read_scheme(self.path)
        return Reading((scheme.name, scheme.description, dict(scheme.emotions), scheme.classes))

    def compare(self, value: Any, stated: Any) -> None:
        """Labels are lower case; without a name, the file's name is taken."""
        name, description, labels, classes = value
        require(set(stated) <= {"name", "description", "labels", "classes"}, f"unknown entries in {stated}")
        require(name == (stated.get("name") or "mine"), f"the name is {name}")
        require(description == (stated.get("description") or "your own classes"), f"the description is {description}")
        expected = {label.strip().lower(): of.strip() for label, of in stated["labels"].items()}
        require(labels == expected and len(expected) == len(stated["labels"]), f"the labels are {labels}")
        require(set(classes) == set(expected.values()), f"the classes are {classes}")
        require(stated.get("classes") is None or list(classes) == stated["classes"], f"the classes are {classes}")

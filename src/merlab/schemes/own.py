"""Label schemes of your own: a mapping from labels to classes, a mapping that also states names, or a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.schemes.scheme import Scheme
from merlab.spelling import alike, told_apart
from merlab.yaml_files import read_yaml

OWN_NAME = "your-own"
ENTRIES = ("name", "labels", "description", "classes")
EXAMPLE = "name: my-classes, labels: {happiness: positive, disgust: negative}"


def read_scheme(path: Path) -> Scheme:
    """The scheme in a YAML file (see ``stated_scheme``); raises MerlabError with the file and its fault."""
    return stated_scheme(read_yaml(path), str(path), path.stem)


def scheme_of_mapping(given: Mapping[str, Any]) -> Scheme:
    """A scheme from a mapping label -> class, or from one with the entries of a file (see ``stated_scheme``)."""
    # `labels` may itself be a label. A mapping in the place of a class is that of the labels, under a wrong name.
    is_stated = not isinstance(given.get("labels", ""), str) or any(isinstance(of, Mapping) for of in given.values())
    return stated_scheme(given, "the dictionary of a scheme", OWN_NAME) if is_stated else own_scheme(OWN_NAME, given)


def stated_scheme(content: object, where: str, name: str) -> Scheme:
    """The scheme of a mapping with ``labels`` (label -> class), and optional ``name``, ``description``, ``classes``.

    ``classes`` lists the classes in the order of tables; without it, classes have the order of their first label.
    ``name`` is that of a scheme that states none. Raises MerlabError with the fault, and ``where`` it is.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get("labels"), Mapping):
        raise MerlabError(f"{where} has no mapping of labels to classes; write {EXAMPLE}")
    unknown = set(content) - set(ENTRIES)
    if unknown:
        raise MerlabError(f"{where} has unknown entries {', '.join(sorted(map(str, unknown)))}; write {EXAMPLE}")
    stated, description = (content.get(key) or "" for key in ("name", "description"))
    if not isinstance(stated, str) or not isinstance(description, str):
        raise MerlabError(f"{where}: name and description are texts; write them in quotes")
    try:
        return own_scheme(stated or name, content["labels"], description, content.get("classes"))
    except MerlabError as error:
        raise MerlabError(f"{where}: {error}") from error


def own_scheme(
    name: str, labels: Mapping[str, str], description: str = "", classes: Sequence[str] | None = None
) -> Scheme:
    """A scheme of your own from label -> class; case and blanks of labels do not matter.

    Raises MerlabError for labels or classes that are not text, for fewer than two classes, and if ``classes`` does not
    list exactly the classes of the labels.
    """
    odd = [each for pair in labels.items() for each in pair if not isinstance(each, str) or not each.strip()]
    if odd:
        raise MerlabError(
            f"scheme {name}: labels and classes are texts, got {odd[0]!r}; give each label one class, and "
            "write numbers and yes or no in quotes"
        )
    emotions = {label: of.strip() for label, of in labels.items()}
    used = tuple(dict.fromkeys(emotions.values()))
    if several := alike(used):
        found = told_apart(several[0])
        raise MerlabError(f"scheme {name}: {found} would be different classes; write one of them everywhere")
    order = used if classes is None else _order(name, classes)
    if len(used) < 2:
        found = f"only the class {used[0]}" if used else "no class"
        raise MerlabError(f"scheme {name} has {found}, but at least two are needed; add a class")
    return Scheme(name, description or "your own classes", order, emotions)


def _order(name: str, classes: object) -> tuple[str, ...]:
    """The classes in their order; raises MerlabError for anything but a list of texts."""
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not all(isinstance(of, str) for of in classes):
        raise MerlabError(f"scheme {name}: classes is not a list of texts; write one such as [positive, negative]")
    return tuple(of.strip() for of in classes)

"""Weights of a published network, such as ResNet-18 trained on ImageNet, in a file of the user: what fits a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.evaluation.run_record import FittedFacts
from merlab.evaluation.start import Start
from merlab.inputs.recipe import Recipe
from merlab.methods import is_own
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.method import Method, Preset, Task

# What training code puts before the names of a network.
PREFIXES = ("", "module.", "model.", "backbone.", "module.backbone.", "encoder.", "trunk.")
NAMES_SHOWN = 3


@dataclass(frozen=True, eq=False)
class ZooFile:
    """The tensors of a file without a card of merlab.

    Attributes:
        name: of the file.
        sha256: of the file.
        tensors: by their names in the file.
        digest: the SHA-256 of the tensors.

    """

    name: str
    sha256: str
    tensors: Mapping[str, Tensor] = field(repr=False)
    digest: str


def start_from(
    file: ZooFile, method: Method, preset: Preset, task: Task, recipe: Recipe, classes: Sequence[str]
) -> Start:
    """What fits the network of a method, as weights to start from; all other weights stay random.

    Raises MerlabError for a method that knows no published network, if no name of the file is known, and if a tensor
    has another shape than in the network.
    """
    if not method.zoo:
        starts = "only from a file of `merlab pretrain`" if method.network else "from no weights"
        yours = "; a network of your own can load its weights where it is made" if is_own(method) else ""
        raise MerlabError(
            f"{file.name} is not a file of `merlab pretrain`, and {method.name} contains no network whose public "
            f"weights merlab knows; it starts {starts}{yours}"
        )
    network = method.outline(task, preset)
    try:
        tensors, facts = _fitted(file.tensors, network, method.zoo, dict(recipe.options).get("color") == "bgr")
    except _DoesNotFitError as error:
        raise MerlabError(f"{file.name} does not fit {method.name}: {error}") from error
    return Start(
        name=file.name,
        sha256=file.sha256,
        method=method.name,
        recipe=recipe,
        classes=tuple(classes),
        tensors=tensors,
        digest=file.digest,
        databases=(f"unknown data ({file.name})",),
        fitted=facts,
    )


class _DoesNotFitError(Exception):
    """Why a file does not fit a network."""


def _fitted(
    given: Mapping[str, Tensor], network: nn.Module, known: Sequence[ZooNames], bgr: bool
) -> tuple[dict[str, Tensor], FittedFacts]:
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    names, sources = _best(given, wanted, known)
    if names.deeper and names.deeper in map(_layer, given):
        raise _DoesNotFitError(
            f"it has a layer {names.deeper}, so it is a deeper network than {names.title}, and what its first layers "
            "compute is not what this network needs"
        )
    taken: dict[str, Tensor] = {}
    adapted: list[str] = []
    for place, source in sources.items():
        tensor = given[source].float() if given[source].is_floating_point() else given[source]
        fitting = _adapted(tensor, wanted[place], source, names, bgr)
        if fitting is None:
            if _layer(source) == names.image:
                continue
            raise _DoesNotFitError(
                f"the tensor {source} is {tuple(tensor.shape)} in the file and {wanted[place]} in the network; weights "
                "of a published network fit the published sizes (--preset paper without --network)"
            )
        taken[place] = fitting
        if fitting is not tensor:
            adapted.append(source)
    if not taken:
        raise _DoesNotFitError(f"only its layer {names.image} is known, and this has another shape")
    used = {sources[place] for place in taken}
    facts = FittedFacts(
        layout=names.title,
        taken=len(used) - len(set(adapted)),
        adapted=sorted(set(adapted)),
        left_out=_layers(given.keys() - used, used),
        random=_layers(wanted.keys() - taken.keys(), taken),
    )
    return taken, facts


def _best(
    given: Mapping[str, Tensor], wanted: Iterable[str], known: Sequence[ZooNames]
) -> tuple[ZooNames, dict[str, str]]:
    """The names of which the file has the most, and for each tensor of the network that of the file."""
    places = list(wanted)
    candidates = [(_with_prefix(names, prefix), places) for names in known for prefix in PREFIXES]
    found = [(names, _sources(given, names, places)) for names, places in candidates]
    names, sources = max(found, key=lambda each: len(each[1]))
    if not sources:
        expected = "; ".join(dict.fromkeys(f"{each.title}: {_few(each.places.values())}" for each in known))
        raise _DoesNotFitError(f"its first names are {_few(given)}; expected are those of {expected}")
    return names, sources


def _with_prefix(names: ZooNames, prefix: str) -> ZooNames:
    return replace(
        names,
        places={place: prefix + source for place, source in names.places.items()},
        image=prefix + names.image,
        positions=names.positions and prefix + names.positions,
        deeper=names.deeper and prefix + names.deeper,
    )


def _sources(given: Mapping[str, Tensor], names: ZooNames, places: Sequence[str]) -> dict[str, str]:
    pairs = ((place, names.source(place)) for place in places)
    return {place: source for place, source in pairs if source is not None and source in given}


def _adapted(tensor: Tensor, shape: tuple[int, ...], source: str, names: ZooNames, bgr: bool) -> Tensor | None:
    """The tensor in this shape, itself where it needs no change; None if it cannot be adapted."""
    if _layer(source) == names.image and tensor.ndim > 1:
        return _for_channels(tensor, shape, bgr)
    if tuple(tensor.shape) == shape:
        return tensor
    return _for_grid(tensor, shape) if source == names.positions else None


def _for_channels(kernel: Tensor, shape: tuple[int, ...], bgr: bool) -> Tensor | None:
    """A kernel (out, colors, ...) for another number of channels; its response to a gray image stays the same.

    With as many channels, it is taken as it is, reversed for images whose colors are blue, green, red. Otherwise, every
    channel gets the mean over the colors. Linear layers that read patches have their kernel as one axis.
    """
    out, colors, *sides = kernel.shape
    size = torch.Size(sides).numel()
    channels, left = divmod(torch.Size(shape).numel(), out * size)
    if left or shape[0] != out or (len(shape) > 2 and list(shape[2:]) != sides):
        return None
    if channels == colors:
        kernel = kernel.flip(1) if bgr else kernel
    else:
        kernel = kernel.mean(dim=1, keepdim=True).expand(out, channels, *sides) * (colors / channels)
    return kernel if tuple(kernel.shape) == shape else kernel.reshape(shape)


def _for_grid(positions: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """Positions (1, 1 + n, width), that of the class token first, on another square grid, by bicubic interpolation."""
    if len(shape) != 3 or positions.ndim != 3 or positions.shape[2] != shape[2]:
        return None
    old, new = (round((length - 1) ** 0.5) for length in (positions.shape[1], shape[1]))
    if old**2 + 1 != positions.shape[1] or new**2 + 1 != shape[1]:
        return None
    maps = positions[:, 1:].transpose(1, 2).reshape(1, -1, old, old)
    resized = F.interpolate(maps, (new, new), mode="bicubic", align_corners=False, antialias=True)
    return torch.cat([positions[:, :1], resized.flatten(2).transpose(1, 2)], dim=1)


def _layer(tensor: str) -> str:
    return tensor.rpartition(".")[0]


def _layers(absent: Iterable[str], present: Iterable[str]) -> list[str]:
    """The layers of absent tensors; single tensors of a layer of which others are present. Counts of steps are none."""
    partly = {_layer(name) for name in present}
    named = [name for name in absent if not name.endswith("num_batches_tracked")]
    return sorted({name if _layer(name) in {"", *partly} else _layer(name) for name in named})


def _few(names: Iterable[str]) -> str:
    """The first names, for a message."""
    distinct = list(dict.fromkeys(names))
    return ", ".join(distinct[:NAMES_SHOWN]) + (", ..." if len(distinct) > NAMES_SHOWN else "") or "none"

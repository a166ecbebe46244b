"""The names that public collections of weights ("model zoos") give to the layers that methods have as well.

merlab contains no weights and downloads none. A table here or beside a method states which layer of a file fills which
layer of merlab; ``merlab.evaluation.zoo`` compares the shapes and reports what was taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RESIDUAL = {
    "residual.0.0": "conv1",
    "residual.0.1": "bn1",
    "residual.1.0": "conv2",
    "residual.1.1": "bn2",
    "shortcut.0": "downsample.0",
    "shortcut.1": "downsample.1",
}
RESNET_18 = (2, 2, 2, 2)


@dataclass(frozen=True)
class ZooNames:
    """The layers of a published network and the layers of merlab that they fill.

    Attributes:
        title: the network, and whose names these are.
        places: the name of each of merlab's layers or tensors -> the name in the file. Several can have the same.
            Names that a network does not have are ignored, so that one table serves all its options.
        image: the name in the file of the layer that reads the image, whose input channels may be adapted.
        positions: the name in the file of the learned positions, whose grid may be adapted; empty for none.
        deeper: the name of a layer that only a deeper network of the same names has; empty for none.

    """

    title: str
    places: Mapping[str, str]
    image: str
    positions: str = ""
    deeper: str = ""

    def source(self, tensor: str) -> str | None:
        """The name in the file of the tensor that fills this tensor of merlab; None for what the file has not."""
        if tensor in self.places:
            return self.places[tensor]
        layer, _, leaf = tensor.rpartition(".")
        return f"{self.places[layer]}.{leaf}" if layer in self.places else None


def below(place: str, names: Mapping[str, str], source: str) -> dict[str, str]:
    """The same table for a layer at ``place`` that has the name ``source`` in the file."""
    return {f"{place}.{own}": f"{source}.{theirs}" for own, theirs in names.items()}


def residual_names(stages: str, blocks: Sequence[int] = RESNET_18, first: int = 0, stage: int = 1) -> dict[str, str]:
    """Residual blocks as ``layer1.0`` and so on.

    ``stages`` is merlab's name of the layers; ``first`` is the place of the first block among them, and ``stage`` the
    number of its stage.
    """
    names: dict[str, str] = {}
    for number, count in enumerate(blocks, start=stage):
        for block in range(count):
            names |= below(f"{stages}.{first}", RESIDUAL, f"layer{number}.{block}")
            first += 1
    return names


def resnet18_names(trunk: str, places: Mapping[str, str] | None = None) -> tuple[ZooNames, ...]:
    """ResNet-18 in ``trunk``, with a pooled or an unpooled stem; ``places`` are those of layers elsewhere."""
    pooled, unpooled = f"{trunk}.0.0", f"{trunk}.0"
    stem = {f"{pooled}.0": "conv1", f"{pooled}.1": "bn1", f"{unpooled}.0": "conv1", f"{unpooled}.1": "bn1"}
    names = {**stem, **residual_names(f"{trunk}.1"), **(places or {})}
    return (ZooNames("ResNet-18 (names of torchvision and timm)", names, "conv1", deeper="layer1.2.conv1"),)

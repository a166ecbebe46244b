"""The dataflow of a network, found by running it: its blocks in calling order, their shapes, and their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from merlab.inference.cost import parameters
from merlab.methods.layers import ConvBnRelu, Gates, Parallel, ResidualBlock

# Each of these is one block; every other module is opened, down to torch's own layers.
BLOCKS = (Gates, ConvBnRelu, Parallel, ResidualBlock)
INPUT = "input"


@dataclass(frozen=True)
class ModuleCall:
    """One call of a module: its name in the network, its kind, the shape of its output without the batch, its sources.

    ``sources`` are names of blocks, or ``input``. Operations between two blocks (a sum, a product, a concatenation, a
    change of grid) are not blocks; their sources are passed on.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    sources: tuple[str, ...]


@dataclass
class _Recorder(TorchFunctionMode):
    """Follows every tensor from block to block while the network runs."""

    blocks: list[ModuleCall] = field(default_factory=list)
    origins: dict[int, tuple[str, ...]] = field(default_factory=dict)
    # Tensors are identified by their id, which Python reuses once a tensor is deleted; these stay alive.
    kept: list[Tensor] = field(default_factory=list)
    inside: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.inside:
            origin = self.origin([*args, *(kwargs or {}).values()])
            for tensor in _tensors(result):
                self.follow(tensor, origin)
        return result

    def origin(self, values: Any) -> tuple[str, ...]:
        """The blocks from which these values come, each once."""
        names = [name for tensor in _tensors(values) for name in self.origins.get(id(tensor), ())]
        return tuple(dict.fromkeys(names))

    def follow(self, tensor: Tensor, origin: tuple[str, ...]) -> None:
        """Remember the sources of a tensor."""
        self.kept.append(tensor)
        self.origins[id(tensor)] = origin

    def enter(self, module: nn.Module, inputs: Any) -> None:
        """Before a block: operations inside it are not followed."""
        self.inside += 1

    def leave(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        """After a block: record it with the shape of its first output; it is the only source of its outputs."""
        self.inside -= 1
        outputs = list(_tensors(output))
        shape = tuple(outputs[0].shape[1:])
        self.blocks.append(ModuleCall(name, describe(module), shape, parameters(module), self.origin(inputs)))
        for tensor in outputs:
            self.follow(tensor, (name,))


def trace(module: nn.Module, shape: tuple[int, ...]) -> list[ModuleCall]:
    """The blocks of a network for one input (C, H, W), in calling order."""
    recorder = _Recorder()
    hooks = []
    for name, block in _blocks_of(module):
        hooks.append(block.register_forward_pre_hook(recorder.enter))
        hooks.append(block.register_forward_hook(_leaving(recorder, name)))
    clip = torch.zeros(1, *shape)
    recorder.follow(clip, (INPUT,))
    try:
        with torch.no_grad(), recorder:
            module.eval()
            module(clip)
    finally:
        for hook in hooks:
            hook.remove()
    return recorder.blocks


def describe(module: nn.Module) -> str:
    """The kind of a block in the field's words: ``conv 3×3 / 2``, ``CBAM``, ``Linear``."""
    if isinstance(module, (ConvBnRelu, nn.Conv2d)):
        convolution = next(layer for layer in module.modules() if isinstance(layer, nn.Conv2d))
        height, width = convolution.kernel_size
        stride = f" / {convolution.stride[0]}" if convolution.stride[0] > 1 else ""
        return f"conv {height}×{width}{stride}"
    if isinstance(module, Gates):
        gates = " and ".join(name for name, _ in module.named_children())
        return "CBAM" if gates == "channel and spatial" else f"{gates} attention"
    names = {
        ResidualBlock: "residual block + attention",
        Parallel: "Inception block",
        nn.AdaptiveAvgPool2d: "global average",
        nn.MaxPool2d: "max-pool",
    }
    return names.get(type(module), type(module).__name__)


def _blocks_of(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    children = list(module.named_children())
    if isinstance(module, BLOCKS) or not children:
        yield name, module
        return
    for child, submodule in children:
        yield from _blocks_of(submodule, f"{name}.{child}" if name else child)


def _leaving(recorder: _Recorder, name: str) -> Callable[[nn.Module, Any, Any], None]:
    return lambda module, inputs, output: recorder.leave(name, module, inputs, output)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from _tensors(element)

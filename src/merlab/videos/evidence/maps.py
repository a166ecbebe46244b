"""What the network used: spatial attention and Grad-CAM of each branch, as maps over the face.

Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV
2017, equations 1 and 2. It shows where the score of a class changes with the features of a branch; attention shows
where a branch gives its features a high weight. Maps do not give a reason, and a wrong class has maps as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from merlab.frames import Float32Array
from merlab.inputs.local_view import from_mosaic
from merlab.methods.dual_branch.global_branch import GlobalBranch
from merlab.methods.dual_branch.local_branch import LocalBranch
from merlab.methods.flow_cnn import FlowCnns
from merlab.methods.layers import SpatialGate
from merlab.models.recognizer import Recognizer
from merlab.training.usual_torch import usual_torch
from merlab.videos.evidence.titles import ATTENTION, GLOBAL, GRAD_CAM, LOCAL, OTHER

SMALLEST = float(np.finfo(np.float32).tiny)


def maps(recognizer: Recognizer, inputs: Float32Array, label: int) -> dict[str, Float32Array]:
    """The maps (H, W) of one input (1, C, H, W) for the class at position ``label``, by title, each in 0..1.

    Dual-branch networks have ``attention, global branch`` and ``Grad-CAM, global branch``, and the same for the local
    branch (attention only where the option ``attention`` has a spatial gate). Attention is the gate itself; Grad-CAM
    is divided by its largest value, and all 0 where nothing supports the class. Other networks have
    ``Grad-CAM, last convolution``; for one that averages several, it is the mean of theirs. A network without attention
    has no map of it. The network is in evaluation mode and is left unchanged.
    """
    found = network_maps(recognizer.module, torch.from_numpy(inputs), label)
    if recognizer.recipe.regions == "mosaic":
        return {title: from_mosaic(each) if title.endswith(LOCAL) else each for title, each in found.items()}
    return found


@usual_torch()
def network_maps(network: nn.Module, inputs: Tensor, label: int) -> dict[str, Float32Array]:
    """The same for a network whose views are all of the whole face."""
    if isinstance(network, FlowCnns):
        return _mean_maps(network, inputs, label)
    branches = _branches(network)
    with _evaluating(network), ExitStack() as hooks:
        features, gates = _Kept(), _Kept()
        for name, branch in branches.items():
            hooks.enter_context(features.hooked(branch, name))
            for gate in _of_type(branch, SpatialGate):
                hooks.enter_context(gates.hooked(gate, name))
        if not branches:
            for convolution in _of_type(network, nn.Conv2d):
                hooks.enter_context(features.hooked(convolution, OTHER))
        score = network(inputs.clone().requires_grad_())[0, label]
        size = inputs.shape[-2:]
        found = {f"{ATTENTION}, {name}": _upsampled(gate, size) for name, gate in gates.last.items()}
        cams = _grad_cams(score, features.last)
    return found | {f"{GRAD_CAM}, {name}": _upsampled(cam, size) for name, cam in cams.items()}


def _mean_maps(network: FlowCnns, inputs: Tensor, label: int) -> dict[str, Float32Array]:
    """The means of the maps of all members, of the input and of its mirror image, each divided by its largest value."""
    views = [(inputs, 1)] + ([(inputs.flip(-1) * network.signs, -1)] if network.mirrored else [])
    found = [
        {title: each[:, ::direction] for title, each in network_maps(member, view, label).items()}
        for member in network.networks
        for view, direction in views
    ]
    means = {title: np.mean([each[title] for each in found], axis=0) for title in found[0]}
    return {title: mean / max(float(mean.max()), SMALLEST) for title, mean in means.items()}


def _grad_cams(score: Tensor, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """ReLU of the feature maps (1, K, h, w), each weighted by the mean gradient of the score, over its maximum."""
    if not features:
        return {}
    gradients = torch.autograd.grad(score, list(features.values()))
    cams = {}
    for (name, maps_of), gradient in zip(features.items(), gradients, strict=True):
        weighted = F.relu((gradient.mean(dim=(2, 3), keepdim=True) * maps_of).sum(dim=1, keepdim=True))
        cams[name] = weighted / weighted.amax().clamp(min=torch.finfo(weighted.dtype).tiny)
    return cams


class _Kept:
    """The last output of hooked modules, by name; feature maps of one pixel are ignored."""

    def __init__(self) -> None:
        self.last: dict[str, Tensor] = {}

    @contextmanager
    def hooked(self, module: nn.Module, name: str) -> Iterator[RemovableHandle]:
        """Keep the output of ``module`` while the context lasts."""

        def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if output.shape[-1] * output.shape[-2] > 1:
                self.last[name] = output

        with module.register_forward_hook(keep) as handle:
            yield handle


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """In evaluation mode, and afterwards in the mode that each module had before."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _branches(network: nn.Module) -> dict[str, nn.Module]:
    kinds: dict[str, type[nn.Module]] = {GLOBAL: GlobalBranch, LOCAL: LocalBranch}
    return {name: branch for name, kind in kinds.items() for branch in _of_type(network, kind)}


def _of_type(network: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kind)]


def _upsampled(small: Tensor, size: torch.Size) -> Float32Array:
    """A map (1, 1, h, w) at the size of the input, (H, W)."""
    large = F.interpolate(small.detach(), size=size, mode="bilinear", align_corners=False)
    return np.asarray(large[0, 0].clamp(0, 1).numpy(), np.float32)

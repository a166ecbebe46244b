"""Random weights with the names and shapes of published networks, as their collections list them."""

from __future__ import annotations

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]


def _normalized(name: str, maps: int) -> Shapes:
    return {f"{name}.{leaf}": (maps,) for leaf in ("weight", "bias", "running_mean", "running_var")} | {
        f"{name}.num_batches_tracked": ()
    }


def resnet(blocks: tuple[int, ...] = (2, 2, 2, 2), width: int = 64) -> Shapes:
    """ResNet-18, or with (3, 4, 6, 3) ResNet-34, of torchvision."""
    shapes: Shapes = {"conv1.weight": (width, 3, 7, 7), **_normalized("bn1", width)}
    entering = width
    for number, count in enumerate(blocks, start=1):
        maps = width * 2 ** (number - 1)
        for block in range(count):
            name = f"layer{number}.{block}"
            shapes |= {f"{name}.conv1.weight": (maps, entering, 3, 3), **_normalized(f"{name}.bn1", maps)}
            shapes |= {f"{name}.conv2.weight": (maps, maps, 3, 3), **_normalized(f"{name}.bn2", maps)}
            if entering != maps:
                shapes |= {f"{name}.downsample.0.weight": (maps, entering, 1, 1)}
                shapes |= _normalized(f"{name}.downsample.1", maps)
            entering = maps
    return {**shapes, "fc.weight": (1000, entering), "fc.bias": (1000,)}


def _linear(name: str, out: int, entering: int) -> Shapes:
    return {f"{name}.weight": (out, entering), f"{name}.bias": (out,)}


def _layer_norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def vit_of_timm(grid: int = 14, width: int = 768, patch: int = 16) -> Shapes:
    """ViT-B/16 of timm."""
    shapes: Shapes = {"cls_token": (1, 1, width), "pos_embed": (1, 1 + grid**2, width)}
    shapes |= {"patch_embed.proj.weight": (width, 3, patch, patch), "patch_embed.proj.bias": (width,)}
    for number in range(12):
        name = f"blocks.{number}"
        shapes |= _layer_norm(f"{name}.norm1", width) | _linear(f"{name}.attn.qkv", 3 * width, width)
        shapes |= _linear(f"{name}.attn.proj", width, width) | _layer_norm(f"{name}.norm2", width)
        shapes |= _linear(f"{name}.mlp.fc1", 4 * width, width) | _linear(f"{name}.mlp.fc2", width, 4 * width)
    return shapes | _layer_norm("norm", width) | _linear("head", 1000, width)


def vit_of_torchvision(
    grid: int = 14, width: int = 768, patch: int = 16, hidden: tuple[str, str] = ("linear_1", "linear_2")
) -> Shapes:
    """ViT-B/16 of torchvision; in its files, the layers of the perceptron have the names ``hidden``."""
    shapes: Shapes = {"class_token": (1, 1, width), "encoder.pos_embedding": (1, 1 + grid**2, width)}
    shapes |= {"conv_proj.weight": (width, 3, patch, patch), "conv_proj.bias": (width,)}
    for number in range(12):
        name = f"encoder.layers.encoder_layer_{number}"
        shapes |= _layer_norm(f"{name}.ln_1", width) | _layer_norm(f"{name}.ln_2", width)
        shapes |= {f"{name}.self_attention.in_proj_weight": (3 * width, width)}
        shapes |= {f"{name}.self_attention.in_proj_bias": (3 * width,)}
        shapes |= _linear(f"{name}.self_attention.out_proj", width, width)
        shapes |= _linear(f"{name}.mlp.{hidden[0]}", 4 * width, width) | _linear(
            f"{name}.mlp.{hidden[1]}", width, 4 * width
        )
    return shapes | _layer_norm("encoder.ln", width) | _linear("heads.head", 1000, width)


def video_swin(*, torchvision: bool) -> Shapes:
    """Video Swin-B of torchvision, or of its release, where ``backbone`` precedes all names."""
    shapes: Shapes = {"patch_embed.proj.weight": (128, 3, 2, 4, 4), "patch_embed.proj.bias": (128,)}
    shapes |= _layer_norm("patch_embed.norm", 128)
    one, two = ("mlp.0", "mlp.3") if torchvision else ("mlp.fc1", "mlp.fc2")
    for stage, (depth, heads) in enumerate(zip((2, 2, 18, 2), (4, 8, 16, 32), strict=True)):
        width = 128 * 2**stage
        for number in range(depth):
            name = f"features.{2 * stage}.{number}" if torchvision else f"layers.{stage}.blocks.{number}"
            shapes |= {f"{name}.attn.relative_position_bias_table": (15 * 13 * 13, heads)}
            shapes |= {f"{name}.attn.relative_position_index": (392, 392)}
            shapes |= _layer_norm(f"{name}.norm1", width) | _layer_norm(f"{name}.norm2", width)
            shapes |= _linear(f"{name}.attn.qkv", 3 * width, width) | _linear(f"{name}.attn.proj", width, width)
            shapes |= _linear(f"{name}.{one}", 4 * width, width) | _linear(f"{name}.{two}", width, 4 * width)
        if stage < 3:
            name = f"features.{2 * stage + 1}" if torchvision else f"layers.{stage}.downsample"
            shapes |= {f"{name}.reduction.weight": (2 * width, 4 * width), **_layer_norm(f"{name}.norm", 4 * width)}
    shapes |= _layer_norm("norm", 1024)
    return shapes if torchvision else {f"backbone.{name}": shape for name, shape in shapes.items()}


def vgg16(*, normalized: bool = False) -> Shapes:
    """VGG-16 of torchvision."""
    shapes: Shapes = {}
    place, entering = 0, 3
    for stage in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)):
        for maps in stage:
            shapes |= {f"features.{place}.weight": (maps, entering, 3, 3), f"features.{place}.bias": (maps,)}
            if normalized:
                shapes |= _normalized(f"features.{place + 1}", maps)
            place, entering = place + (3 if normalized else 2), maps
        place += 1
    shapes |= _linear("classifier.0", 4096, 25088) | _linear("classifier.3", 4096, 4096)
    return shapes | _linear("classifier.6", 1000, 4096)


def alexnet_of_caffe() -> Shapes:
    """AlexNet with its two groups, as converted from Caffe."""
    shapes: Shapes = {"conv1.weight": (96, 3, 11, 11), "conv1.bias": (96,)}
    shapes |= {"conv2.weight": (256, 48, 5, 5), "conv2.bias": (256,)}
    return shapes | {"conv3.weight": (384, 256, 3, 3), "conv3.bias": (384,)} | _linear("fc6", 4096, 9216)


def alexnet_of_torchvision() -> Shapes:
    """The other AlexNet, of one group."""
    shapes: Shapes = {"features.0.weight": (64, 3, 11, 11), "features.0.bias": (64,)}
    return shapes | {"features.3.weight": (192, 64, 5, 5), "features.3.bias": (192,)}


def inception_v3() -> Shapes:
    """Inception-v3 of torchvision up to Mixed_6c."""
    shapes: Shapes = {}

    def add(name: str, out: int, entering: int, kernel: tuple[int, int] = (1, 1)) -> None:
        shapes.update({f"{name}.conv.weight": (out, entering, *kernel), **_normalized(f"{name}.bn", out)})
        shapes.pop(f"{name}.bn.num_batches_tracked")  # absent in files of its time

    for name, out, entering, side in (
        ("Conv2d_1a_3x3", 32, 3, 3),
        ("Conv2d_2a_3x3", 32, 32, 3),
        ("Conv2d_2b_3x3", 64, 32, 3),
        ("Conv2d_3b_1x1", 80, 64, 1),
        ("Conv2d_4a_3x3", 192, 80, 3),
    ):
        add(name, out, entering, (side, side))
    for name, entering, pooled in (("Mixed_5b", 192, 32), ("Mixed_5c", 256, 64), ("Mixed_5d", 288, 64)):
        add(f"{name}.branch1x1", 64, entering)
        add(f"{name}.branch5x5_1", 48, entering)
        add(f"{name}.branch5x5_2", 64, 48, (5, 5))
        add(f"{name}.branch3x3dbl_1", 64, entering)
        add(f"{name}.branch3x3dbl_2", 96, 64, (3, 3))
        add(f"{name}.branch3x3dbl_3", 96, 96, (3, 3))
        add(f"{name}.branch_pool", pooled, entering)
    add("Mixed_6a.branch3x3", 384, 288, (3, 3))
    add("Mixed_6a.branch3x3dbl_1", 64, 288)
    add("Mixed_6a.branch3x3dbl_2", 96, 64, (3, 3))
    add("Mixed_6a.branch3x3dbl_3", 96, 96, (3, 3))
    row, column = (1, 7), (7, 1)
    for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160)):
        add(f"{name}.branch1x1", 192, 768)
        add(f"{name}.branch7x7_1", inner, 768)
        add(f"{name}.branch7x7_2", inner, inner, row)
        add(f"{name}.branch7x7_3", 192, inner, column)
        add(f"{name}.branch7x7dbl_1", inner, 768)
        for number, kernel in ((2, column), (3, row), (4, column)):
            add(f"{name}.branch7x7dbl_{number}", inner, inner, kernel)
        add(f"{name}.branch7x7dbl_5", 192, inner, row)
        add(f"{name}.branch_pool", 192, 768)
    return shapes


def weights(shapes: Shapes, *, of_zeros: bool = False) -> dict[str, Tensor]:
    """Random tensors of these shapes, those of variances positive; with ``of_zeros``, zeros that need no memory."""
    if of_zeros:
        return {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}
    generator = torch.Generator().manual_seed(0)
    tensors = {name: 0.2 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    return {
        name: tensor.abs() + 0.5 if name.endswith("running_var") else (tensor * 100).long() if not shape else tensor
        for (name, tensor), shape in zip(tensors.items(), shapes.values(), strict=True)
    }

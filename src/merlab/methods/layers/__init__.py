"""Layers that several methods share."""

from merlab.methods.layers.attention import (
    Attention,
    AttentionName,
    ChannelGate,
    SpatialGate,
    SqueezeExcitation,
    make_attention,
    squeezed,
)
from merlab.methods.layers.conv import ConvBnRelu, Parallel, scaled

__all__ = [
    "Attention",
    "AttentionName",
    "ChannelGate",
    "ConvBnRelu",
    "Parallel",
    "SpatialGate",
    "SqueezeExcitation",
    "make_attention",
    "scaled",
    "squeezed",
]

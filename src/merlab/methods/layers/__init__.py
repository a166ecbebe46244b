"""Layers that several methods share."""

from merlab.methods.layers.attention import (
    Attention,
    AttentionName,
    ChannelGate,
    Gates,
    GuidedAttention,
    SpatialGate,
    SqueezeExcitation,
    squeezed,
)
from merlab.methods.layers.conv import ConvBnRelu, Parallel, Width, scaled

__all__ = [
    "Attention",
    "AttentionName",
    "ChannelGate",
    "ConvBnRelu",
    "Gates",
    "GuidedAttention",
    "Parallel",
    "SpatialGate",
    "SqueezeExcitation",
    "Width",
    "scaled",
    "squeezed",
]

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
from merlab.methods.layers.conv import ConvBnRelu, Parallel, scaled
from merlab.methods.layers.options import Between, OneOf, Width

__all__ = [
    "Attention",
    "AttentionName",
    "Between",
    "ChannelGate",
    "ConvBnRelu",
    "Gates",
    "GuidedAttention",
    "OneOf",
    "Parallel",
    "SpatialGate",
    "SqueezeExcitation",
    "Width",
    "scaled",
    "squeezed",
]

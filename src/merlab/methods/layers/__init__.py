"""Layers that several methods share."""

from merlab.methods.layers.cbam import CBAM, ChannelGate, SpatialGate, squeezed
from merlab.methods.layers.conv import ConvBnRelu, scaled

__all__ = ["CBAM", "ChannelGate", "ConvBnRelu", "SpatialGate", "scaled", "squeezed"]

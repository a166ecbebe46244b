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
from merlab.methods.layers.recurrent import BidirectionalGRU, LastOutput, mean_of_first
from merlab.methods.layers.resnet import ResidualBlock, ResNet18, residual_stages, residual_stem, stage_channels
from merlab.methods.layers.transformer import (
    EncoderBlock,
    PatchTokens,
    PositionEmbedding,
    SelfAttention,
    maps_of,
    tokens_of,
)
from merlab.methods.layers.video import VideoConvBnRelu, VideoPool, VideoSqueezeExcitation, halved, video_maps

__all__ = [
    "Attention",
    "AttentionName",
    "Between",
    "BidirectionalGRU",
    "ChannelGate",
    "ConvBnRelu",
    "EncoderBlock",
    "Gates",
    "GuidedAttention",
    "LastOutput",
    "OneOf",
    "Parallel",
    "PatchTokens",
    "PositionEmbedding",
    "ResNet18",
    "ResidualBlock",
    "SelfAttention",
    "SpatialGate",
    "SqueezeExcitation",
    "VideoConvBnRelu",
    "VideoPool",
    "VideoSqueezeExcitation",
    "Width",
    "halved",
    "maps_of",
    "mean_of_first",
    "residual_stages",
    "residual_stem",
    "scaled",
    "squeezed",
    "stage_channels",
    "tokens_of",
    "video_maps",
]

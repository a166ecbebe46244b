"""MEAN's network for spotting: three shallow streams, then one more convolution.

Liong, See and Chan, "Spot-then-recognize: A Micro-Expression Analysis Network for Seamless Evaluation of Long Videos",
Signal Processing: Image Communication 110, 2023. Published F1 of micro-expressions: .121 on CAS(ME)^2, .095 on SAMM
Long Videos.

From the authors' released code: u, v and strain (42 x 42) over 0.1 s, each through one 5 x 5 convolution of 3, 3 and 8
filters, ReLU, batch normalization, max-pooling 3 / 3 and dropout 0.3; concatenated, a 5 x 5 convolution of 8 filters,
ReLU, max-pooling 2 / 2, dropout 0.2, one linear output; mean squared error, Adam at 5e-4, batches of 32, 10 epochs, up
to 5 samples without a movement for each with one, p = .55.

Assumed: weight decay 1e-3 for all layers instead of 1e-3 and 0.1 for the two convolutions; the network is trained for
spotting only, the transfer to recognition is left out. Labels and intervals are those of `networks`.
"""

from __future__ import annotations

from merlab.spotting.comparison.networks import NetworkSpotter
from merlab.spotting.comparison.training import NetworkTraining

MEAN_NET = NetworkSpotter(
    name="mean-net",
    title="MEAN's network for spotting: three shallow streams, batch normalization",
    paper="Liong et al., Signal Processing: Image Communication 110, 2023",
    training=NetworkTraining(epochs=10, batch_size=32, learning_rate=5e-4, negatives=5, weight_decay=1e-3),
    flow_seconds=0.1,
)

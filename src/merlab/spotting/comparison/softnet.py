"""SOFTNet: three shallow streams on onset-k flow.

Liong, See and Wong, "Shallow Optical Flow Three-Stream CNN for Macro- and Micro-Expression Spotting from Long Videos",
ICIP 2021, arXiv:2106.06489.

From the paper and the authors' released code: u, v and strain (42 x 42) each through one 5 x 5 convolution of 3, 5 and
8 filters, ReLU and max-pooling 3 / 3; concatenated, max-pooling 2 / 2, a layer of 400, one linear output; mean squared
error, SGD at 5e-4, batches of 12, 10 epochs, p = .55; half of the samples without a movement are left out, those of
micro-expressions are augmented.

Assumed: Adam instead of SGD, because merlab's recordings have a hundredth of the samples; four samples without a
movement for each with one; mirror images as the only augmentation.
"""

from __future__ import annotations

from merlab.spotting.comparison.networks import NetworkSpotter
from merlab.spotting.comparison.training import NetworkTraining

SOFTNET = NetworkSpotter(
    name="softnet",
    title="SOFTNet: three shallow streams on onset-k flow",
    paper="Liong et al., ICIP 2021, arXiv:2106.06489",
    training=NetworkTraining(epochs=10, batch_size=12, learning_rate=5e-4, negatives=4, mirrored=True),
)

"""Learning rates: what a step's rate is, as a share of the setting ``learning_rate``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from merlab.training.settings import TrainingSettings

# The one-cycle schedule starts at 1/25 of the rate and ends at 1/250 000 of it, as in torch.
START, END = 1 / 25, 1 / 250_000


def learning_rate(settings: TrainingSettings, done: float) -> float:
    """The learning rate after ``done`` epochs, which may be a fraction.

    ``step`` multiplies it by ``decay`` after every ``decay_every`` epochs. ``cosine`` falls from the full rate to 0
    along half a cosine; ``cosine-restarts`` (Loshchilov and Hutter, "SGDR", ICLR 2017) does so in every period of
    ``decay_every`` epochs. ``cosine-waves`` falls in ``decay_every`` epochs, rises again in as many, and so on, as
    torch's CosineAnnealingLR does after its ``T_max``. ``one-cycle`` (Smith and Topin, "Super-convergence", 2019,
    arXiv:1708.07120) rises along one during the share ``warm_up`` of the training, and falls for the rest.
    """
    full, progress = settings.learning_rate, min(done / settings.epochs, 1.0)
    if settings.schedule == "step":
        for _ in range(int(done) // settings.decay_every):
            full *= settings.decay
        return full
    if settings.schedule == "cosine":
        return _between(full, 0.0, progress)
    if settings.schedule == "cosine-restarts":
        return _between(full, 0.0, done % settings.decay_every / settings.decay_every)
    if settings.schedule == "cosine-waves":
        return _between(full, 0.0, done / settings.decay_every)
    if progress < settings.warm_up:
        return _between(full * START, full, progress / settings.warm_up)
    return _between(full, full * END, (progress - settings.warm_up) / (1 - settings.warm_up))


def _between(first: float, last: float, progress: float) -> float:
    """From ``first`` to ``last`` along half a cosine while ``progress`` goes from 0 to 1; back again from 1 to 2."""
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2

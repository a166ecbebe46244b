"""Random numbers of methods that draw them from the global generators: the same for the same seed and fold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def global_random_state(seed: int, fold: str) -> Iterator[None]:
    """Inside, ``random``, ``numpy.random`` and ``torch`` start from the seed and the fold; afterwards they go on.

    The numbers do not depend on what was done before, nor on how many processes work. One thread at a time is inside.
    """
    # Loading it takes seconds, and methods of merlab that import this file do not need it.
    import torch

    from merlab.training.threads import ONE_TRAINS

    with ONE_TRAINS:
        of_random, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - this state is what is meant
        # A GPU that is not in use yet has no state to keep, and asking for it would take memory there.
        in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        gpus = list(range(torch.cuda.device_count())) if in_use else []
        drawn = np.random.SeedSequence([seed, *fold.encode()]).generate_state(3)
        with torch.random.fork_rng(devices=gpus):
            random.seed(int(drawn[0]))
            np.random.seed(int(drawn[1]))  # noqa: NPY002
            torch.manual_seed(int(drawn[2]))
            try:
                yield
            finally:
                random.setstate(of_random)
                np.random.set_state(of_numpy)  # noqa: NPY002

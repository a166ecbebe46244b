"""A training that is not finished: a command that was stopped or killed continues it, and gets the same weights."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from merlab.outputs.checkpoints import Pace
from merlab.outputs.kept_arrays import read_kept_bytes, write_kept_bytes
from merlab.training.best_epoch import BestEpoch
from merlab.training.loop import Loop


class UnfinishedTraining:
    """Keeps the state of a training on the CPU in a file: weights, optimizer, random numbers, and the best epoch.

    The state of a short training is never stored, see ``Pace``. The file holds tensors and numbers alone, so that
    reading it executes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pace = Pace()

    def put_into(self, loop: Loop, best: BestEpoch) -> None:
        """Give a new loop and its best epoch the state of the file, if there is one.

        A damaged file counts as missing, with a warning.
        """
        content = read_kept_bytes(self._path)
        if content is None:
            return
        state = torch.load(io.BytesIO(content), weights_only=True)
        loop.module.load_state_dict(state["network"])
        loop.optimizer.load_state_dict(state["optimizer"])
        loop.generator.set_state(state["random"])
        loop.done = state["done"]
        best.epoch, best.score, best.weights = state["best"]

    def store(self, loop: Loop, best: BestEpoch) -> None:
        """Store the state after an epoch, if it is time. Raises WriteError for a file that cannot be written."""
        if not self._pace.is_due:
            return
        with self._pace.storing():
            state = {
                "network": loop.module.state_dict(),
                "optimizer": loop.optimizer.state_dict(),
                "random": loop.generator.get_state(),
                "done": loop.done,
                "best": (best.epoch, best.score, best.weights),
            }
            buffer = io.BytesIO()
            torch.save(state, buffer)
            write_kept_bytes(self._path, buffer.getbuffer())

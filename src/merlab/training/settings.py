"""The settings of training, and the device and precision that follow from them by fixed rules."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import ConfigDict, Field, model_validator

from merlab.errors import MerlabError
from merlab.json_models import GivenModel
from merlab.vocabulary import Selection

Precision = Literal["float32", "bfloat16"]

# If the network or the input is smaller, a CPU loses more time on converting to and from bfloat16 than the faster
# convolutions save: 0.54 M parameters at 80 x 96 trained faster in float32, 8.5 M at 231 x 282 in bfloat16 (1.7 times).
LARGE_PARAMETERS = 1_000_000
LARGE_PIXELS = 128 * 128


class TrainingSettings(GivenModel):
    """The training settings of a network. Defaults are the paper's: Adam, 500 epochs, batches of 64, step decay of 0.9.

    Attributes:
        epochs: how often all training clips are seen, or, with ``steps``, how often that many batches are drawn.
        batch_size: how many clips a step is computed on.
        optimizer: ``sgd`` is stochastic gradient descent with momentum 0.9; ``adamw`` is Adam whose weight decay does
            not pass through the gradient (Loshchilov and Hutter, ICLR 2019); ``rmsprop`` is torch's (smoothing 0.99).
        learning_rate: the highest learning rate.
        schedule: of the learning rate: ``step`` decays by ``decay`` after every ``decay_every`` epochs; ``cosine``,
            ``cosine-restarts`` (at the full rate again after every ``decay_every`` epochs), ``cosine-waves`` (falls
            and rises in turn, each in ``decay_every`` epochs) and ``one-cycle`` change with every step.
        warm_up: the share of the training in which ``one-cycle`` raises the learning rate.
        decay: the factor of the schedule ``step``.
        decay_every: the number of epochs after which the learning rate changes (see ``schedule``).
        weight_decay: that of torch's optimizers.
        class_weights: ``balanced`` weights the loss by the inverse class frequency of the training clips.
        label_smoothing: the share of a clip's label that is divided evenly among all classes.
        steps: the number of batches in an epoch. Each clip of a batch is drawn with replacement, every class with the
            same probability. None: every clip once, in random order.
        synthetic_share: the share of each batch that is drawn from synthetic clips, each with the same probability:
            a batch_size of 84 and a share of 1/3 are 56 real and 28 synthetic clips.
        unit_loss: the weight of the mean squared error of the intensities of action units, which is added to the
            cross-entropy. Only clips with known intensities count, which synthetic ones have.
        mirror: flip each clip left to right with probability 1/2; horizontal motion then changes its sign.
        shift: move each clip by up to this many whole pixels along both axes, repeating its border.
        move: move each clip by up to this many pixels along both axes, with interpolation.
        scale: the standard deviation of the factors by which width and height of each clip are scaled.
        turn: the standard deviation of the angle by which each clip is turned, radians.
        noise: the largest standard deviation of the white noise that is added to each clip.
        mirror_at_test: average the probabilities of a clip and of its mirror image.
        precision: ``auto`` is bfloat16 on a GPU that has it, and on a CPU that has it where network and input are
            large, else float32; it never follows from a timing.
        channels_last: images are in channels-last memory order, which is faster; a network that calls ``view`` on them
            needs False.
        device: ``auto`` is the GPU if there is one; ``cuda`` without a usable GPU is an error.
        selection: ``fixed`` keeps the last epoch. ``validation`` holds out subjects of the training fold and keeps the
            epoch with the smallest class-balanced loss on them. ``best-epoch-on-test`` keeps the epoch with the best
            accuracy on the test fold. This is a leak; it exists only to measure how large the leak is.
        validation_share: the share of the training subjects that ``validation`` holds out.
        threads: number of CPU threads; it is fixed, because rounding depends on how sums are divided among threads.
        loop: ``plain`` works everywhere. ``accelerated`` keeps the clips on the device and replays each step as one
            CUDA graph (``training.accelerated``); on a CPU it gives the numbers of ``plain``, on a GPU dropout draws
            other random numbers. ``compiled`` also compiles each step, which rounds otherwise.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    field_word: ClassVar[str] = "training setting"

    epochs: int = Field(default=500, ge=1)
    batch_size: int = Field(default=64, ge=2)
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    learning_rate: float = Field(default=1e-3, gt=0)
    schedule: Literal["step", "cosine", "cosine-restarts", "cosine-waves", "one-cycle"] = "step"
    warm_up: float = Field(default=0.15, gt=0, lt=1)
    decay: float = Field(default=0.9, gt=0, le=1)
    decay_every: int = Field(default=100, ge=1)
    weight_decay: float = Field(default=0.0, ge=0)
    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    steps: int | None = Field(default=None, ge=1)
    synthetic_share: float = Field(default=0.0, ge=0, lt=1)
    unit_loss: float = Field(default=0.0, ge=0)
    mirror: bool = False
    shift: int = Field(default=0, ge=0)
    move: float = Field(default=0.0, ge=0)
    scale: float = Field(default=0.0, ge=0, lt=0.5)
    turn: float = Field(default=0.0, ge=0)
    noise: float = Field(default=0.0, ge=0)
    mirror_at_test: bool = False
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    channels_last: bool = True
    device: Literal["auto", "cpu", "cuda"] = "auto"
    selection: Selection = "fixed"
    validation_share: float = Field(default=0.2, gt=0, lt=1)
    threads: int = Field(default=1, ge=1)
    loop: Literal["plain", "accelerated", "compiled"] = "plain"

    @model_validator(mode="after")
    def _has_clips_of_both_kinds(self) -> TrainingSettings:
        synthetic = round(self.synthetic_share * self.batch_size)
        if synthetic >= self.batch_size:
            raise ValueError(f"synthetic_share={self.synthetic_share:g} leaves no real clip in a batch")
        if self.synthetic_share and not synthetic:
            raise ValueError(
                f"synthetic_share={self.synthetic_share:g} leaves no synthetic clip in a batch of {self.batch_size}; "
                "raise it, or set it to 0"
            )
        return self


def resolve_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The device; ``auto`` is the GPU if there is one. Raises MerlabError for ``cuda`` without a usable GPU."""
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise MerlabError("device=cuda, but torch finds no usable CUDA device; set device to auto or cpu")
    return torch.device("cuda" if present and name != "cpu" else "cpu")


def resolve_precision(settings: TrainingSettings, device: torch.device, parameters: int, pixels: int) -> Precision:
    """The precision of the settings; ``auto`` depends on the device, the network and the input, by a fixed rule.

    A GPU uses bfloat16 if it has bfloat16 arithmetic (compute capability 8.0 or higher). A CPU uses it if the processor
    has it (AVX-512 BF16 or AMX) and network and input are large (``is_large``). Otherwise it is float32.
    """
    if settings.precision != "auto":
        return settings.precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float32"
    return "bfloat16" if is_large(parameters, pixels) and cpu_has_bfloat16() else "float32"


def is_large(parameters: int, pixels: int) -> bool:
    """Whether network (1 M parameters) and input (128 x 128 pixels) are both large, for the choice of a precision."""
    return parameters >= LARGE_PARAMETERS and pixels >= LARGE_PIXELS


def cpu_has_bfloat16() -> bool:
    """Whether the processor has bfloat16 arithmetic; False on systems other than Linux, which do not report it."""
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor_field("flags").split())


@lru_cache
def processor_field(name: str) -> str:
    """A field of the first processor in /proc/cpuinfo, such as ``model name``; empty if there is none."""
    table = Path("/proc/cpuinfo")
    if not table.exists():
        return ""
    fields = (line.partition(":") for line in table.read_text(encoding="utf-8").splitlines())
    return next((value.strip() for field, _, value in fields if field.strip() == name), "")

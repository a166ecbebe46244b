"""A trained network with all that is needed to apply it, as one safetensors file with a card in its metadata."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from merlab.errors import MerlabError, first_line
from merlab.evaluation.versions import versions
from merlab.frames import Float32Array
from merlab.given import as_path, require_file
from merlab.inference.runtimes import AUTO, Infer, load_network, resolve_runtime
from merlab.inputs import Recipe, parse_recipe
from merlab.json_models import first_fault
from merlab.models.calibration import probabilities
from merlab.models.card import ModelCard
from merlab.models.digest import FIELD, content_digest
from merlab.models.shipped import CARD, SHIPPED
from merlab.storage import whole_file
from merlab.training import check_inputs
from merlab.training.usual_torch import usual_torch
from merlab.version import __version__
from merlab.vocabulary import RuntimeChoice, RuntimeName

REMEDY = "copy it again, or make it with `merlab pretrain`"


@dataclass(frozen=True, eq=False)
class Recognizer:
    """A trained network, ready to classify.

    Attributes:
        card: what it is.
        module: the network, in evaluation mode.
        digest: the SHA-256 of its file; empty if it was neither read from a file nor saved.
        infer: maps inputs (N, C, H, W) to logits (N, classes); None computes them with the module in PyTorch.
        runtime: the name of what computes it.

    """

    card: ModelCard
    module: nn.Module
    digest: str = ""
    infer: Infer | None = None
    runtime: RuntimeName = "torch"

    def __reduce__(self) -> tuple[object, ...]:
        # What a runtime has loaded cannot be pickled: the process that gets the recognizer loads it anew.
        infer = self.infer if self.runtime == "torch" else None
        return _made_again, (self.card, self.module, self.digest, infer, self.runtime)

    def __repr__(self) -> str:
        stamps = "".join(f" [{stamp}]" for stamp in self.card.stamps)
        return (
            f"Recognizer {self.card.name}: {self.card.method} for {', '.join(self.classes)}; input {self.card.recipe}; "
            f"runtime {self.runtime}{stamps}"
        )

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe of its inputs."""
        return parse_recipe(self.card.recipe)

    @property
    def verified(self) -> bool:
        """Whether tensors and card of its file were compared with a digest that was stored when they were written."""
        return bool(self.digest) and self.card.content_digest is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the logits."""
        return self.card.classes

    def logits(self, inputs: Float32Array) -> NDArray[np.float64]:
        """Logits (N, classes) of inputs (N, *recipe.shape) in float32; float64 is converted.

        Raises MerlabError for inputs of another shape or type, and if inputs or logits are not finite.
        """
        inputs = self._as_inputs(inputs)
        logits = np.asarray(self._forward(inputs) if self.infer is None else self.infer(inputs), np.float64)
        if not np.isfinite(logits).all():
            raise MerlabError(
                f"the network {self.card.name} gives values that are not finite ({self.runtime}); check its file with "
                "`merlab weights`, or use other weights or another runtime"
            )
        return logits

    def predict_proba(self, inputs: Float32Array) -> NDArray[np.float64]:
        """Calibrated class probabilities (N, classes): the softmax of the logits divided by the temperature.

        ``inputs`` are those of ``logits``.
        """
        return probabilities(self.logits(inputs), self.card.temperature)

    def _as_inputs(self, inputs: object) -> Float32Array:
        if (
            not isinstance(inputs, np.ndarray)
            or inputs.shape[1:] != self.recipe.shape
            or inputs.dtype not in (np.float32, np.float64)
        ):
            sizes = ", ".join(map(str, self.recipe.shape))
            given = f"{inputs.dtype} of {inputs.shape}" if isinstance(inputs, np.ndarray) else type(inputs).__name__
            raise MerlabError(
                f"inputs of {self.card.name} must be an array (clips, {sizes}) of float32, got {given}; "
                f'merlab.inputs.load_inputs gives them for the recipe "{self.recipe}"'
            )
        with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinity, which is refused.
            numbers = np.ascontiguousarray(inputs, np.float32)
        check_inputs(numbers)
        return numbers

    @usual_torch()
    def _forward(self, inputs: Float32Array) -> NDArray[np.float64]:
        with torch.inference_mode():
            return np.asarray(self.module(torch.from_numpy(inputs)).double().numpy(), np.float64)

    @usual_torch()
    def on(self, runtime: RuntimeChoice = AUTO) -> Recognizer:
        """The same recognizer under a runtime: ``auto`` or a name in ``inference.runtimes.RUNTIMES``.

        Raises MerlabError for one that is not installed, with the command that installs it.
        """
        name = resolve_runtime(runtime, self.module, self.recipe.shape)
        return replace(self, runtime=name, infer=load_network(name, self.module, self.recipe.shape, self._key()))

    def _key(self) -> str:
        """The identity of the network: its file and the code that computes it; empty for one without a file."""
        code = versions()["merlab"].partition("+")[2], self.card.code_now()
        return "-".join(filter(None, (self.digest, *code))) if self.digest else ""

    def save(self, path: Path) -> Recognizer:
        """Write network and card as one file, whole or not at all; returns the recognizer with its digests."""
        # Copies, because safetensors refuses tensors that layers share.
        form = torch.contiguous_format
        tensors = {name: value.clone(memory_format=form) for name, value in self.module.state_dict().items()}
        card = self.card.model_copy(update={FIELD: content_digest(self.card.model_dump_json(), tensors)})
        with whole_file(path) as aside:
            # One entry: safetensors writes several in any order, so the same weights could give different files.
            # Its save_file would ignore the umask.
            aside.write_bytes(save(tensors, {CARD: card.model_dump_json()}))
        return replace(self, card=card, digest=_digest(path))


def load_recognizer(path: Path | str | None = None) -> Recognizer:
    """The recognizer in the file ``path`` of ``merlab pretrain``; None loads the one that ships with merlab.

    Raises MerlabError for a file that is missing or damaged, that is not a safetensors file of merlab, whose content
    differs from the digest in its card, that holds values that are not finite, or whose network this merlab does not
    have. Nothing in a file is ever executed. Warns where your own method is not as it was.
    """
    path = SHIPPED if path is None else as_path(path, "path")
    tensors, card = _read(path)
    try:
        module = card.build()
        _require_same_tensors(tensors, module.state_dict())
        module.load_state_dict(tensors)
    except (MerlabError, RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        raise MerlabError(
            f"{path} holds another network than this merlab {__version__} builds ({first_line(error)}); "
            f"use merlab {card.versions.get('merlab', 'of its date')} and, for a method of your own, its package as it "
            "was then, or train it again with `merlab pretrain`"
        ) from error
    _require_finite(path, tensors)
    if card.code and card.code != card.code_now():
        warnings.warn(
            f"the code of the method {card.method} or its input, or a library that it uses, is not that with which "
            f"{path} was trained, so its answers may differ from its scores; use that code, or train it again",
            stacklevel=2,
        )
    return Recognizer(card, module, _digest(path))


def _read(path: Path) -> tuple[dict[str, torch.Tensor], ModelCard]:
    require_file(path, "give a file of `merlab pretrain`, or none for the one of merlab")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise MerlabError(f"{path} is not a complete safetensors file ({first_line(error)}); {REMEDY}") from error
    if CARD not in metadata:
        raise MerlabError(f"{path} holds tensors without a merlab card; give a file of `merlab pretrain`")
    return tensors, _card(path, metadata[CARD], tensors)


def _card(path: Path, text: str, tensors: Mapping[str, torch.Tensor]) -> ModelCard:
    """The card; raises MerlabError if it is damaged, or if it or the tensors differ from what was written."""
    try:
        card = ModelCard.model_validate_json(text)
        digest = content_digest(text, tensors)
    except ValidationError as error:
        raise MerlabError(
            f"{path}: its card is damaged, or of another merlab than this {__version__} ({first_fault(error)}); "
            "copy it again, update merlab, or use `merlab pretrain`"
        ) from error
    except (ValueError, RecursionError) as error:
        raise MerlabError(f"{path}: its card is damaged ({first_line(error)}); {REMEDY}") from error
    if card.content_digest not in {None, digest}:
        raise MerlabError(
            f"{path} is damaged: tensors or card differ from the digest that was stored with them; {REMEDY}"
        )
    return card


def _require_finite(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise MerlabError(f"{path} is damaged: the tensor {name} has values that are not finite; {REMEDY}")


def _require_same_tensors(tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> None:
    """Raises MerlabError with the first tensor that is missing, unknown, or has another shape or type."""
    for name in sorted(tensors.keys() ^ expected.keys()):
        raise MerlabError(f"the tensor {name} is {'missing' if name in expected else 'unknown'}")
    for name, tensor in expected.items():
        form, given = (f"{tuple(each.shape)} {each.dtype}" for each in (tensor, tensors[name]))
        if form != given:
            raise MerlabError(f"the tensor {name} is {given}, not {form}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _made_again(
    card: ModelCard, module: nn.Module, digest: str, infer: Infer | None, runtime: RuntimeName
) -> Recognizer:
    """A recognizer that was pickled."""
    recognizer = Recognizer(card, module, digest, infer)
    return recognizer if runtime == "torch" else recognizer.on(runtime)

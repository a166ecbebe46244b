"""Files of weights that are not merlab's: tensors by name, as safetensors or saved by PyTorch."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from merlab.errors import MerlabError, cannot_read, first_line
from merlab.evaluation.zoo import ZooFile
from merlab.models.digest import content_digest
from merlab.models.shipped import CARD
from merlab.unneeded_warnings import without_warnings

SAVED_BY_TORCH = (".pth", ".pt")
UNKNOWN_CLASS = re.compile(r"Unsupported global: GLOBAL (\S+)")
# Older ones execute code in a file in spite of weights_only (CVE-2025-32434, CVE-2026-24747).
SAFE = "2.10"
# Under what training code keeps the weights of a network in a checkpoint.
ENTRIES = ("state_dict", "model_state_dict", "model", "net", "network")


def holds_zoo_weights(file: Path) -> bool:
    """Whether a file is one of PyTorch, by its name, or a complete safetensors file without a card of merlab."""
    if file.suffix.lower() in SAVED_BY_TORCH:
        return True
    try:
        with safe_open(file, framework="pt") as content:
            return CARD not in (content.metadata() or {})
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError):
        return False


def load_zoo_file(file: Path) -> ZooFile:
    """The tensors of a file; nothing in it is ever executed.

    Raises MerlabError for a file that cannot be read, that holds anything but tensors by name, and for values that are
    absent or not finite.
    """
    tensors = _saved_by_torch(file) if file.suffix.lower() in SAVED_BY_TORCH else _safetensors(file)
    for name, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_nested or tensor.is_meta:
            raise MerlabError(
                f"the tensor {name} in {file} is sparse, nested or without values; save it as a plain one, such as "
                "tensor.to_dense()"
            )
        if tensor.is_floating_point() and not torch.isfinite(tensor.float()).all():
            raise MerlabError(f"the tensor {name} in {file} has values that are not finite; get the file again")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return ZooFile(file.name, sha256, tensors, content_digest("{}", tensors))


def _safetensors(file: Path) -> dict[str, Tensor]:
    with safe_open(file, framework="pt") as content:
        return {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118


def _saved_by_torch(file: Path) -> dict[str, Tensor]:
    if torch.__version__ < SAFE:
        raise MerlabError(
            f"PyTorch {torch.__version__} can execute what is in {file}; install PyTorch {SAFE} or a newer one, or get "
            "the weights as safetensors"
        )
    try:
        with without_warnings("Detected pickle protocol", UserWarning):
            content = torch.load(file, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise MerlabError(cannot_read(file, error, "get it again")) from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError) as error:
        raise MerlabError(
            f"{file} is not a file of weights that PyTorch can read without running its code ({_reason(error)}); save "
            "its state_dict() alone: torch.save(network.state_dict(), FILE); if the file is damaged, get it again"
        ) from error
    tensors = _tensors_in(content)
    if not tensors:
        raise MerlabError(
            f"{file} holds no tensors by name; save the state_dict() of a network: torch.save(network.state_dict(), "
            "FILE)"
        )
    return tensors


def _reason(error: Exception) -> str:
    """Why PyTorch does not read a file, without its advice to run the code in the file."""
    # A network that was saved as a whole: PyTorch names its class below this advice.
    if kind := UNKNOWN_CLASS.search(str(error)):
        return f"it holds an object of {kind[1]}"
    # Only these have a sentence: that of the others is of the parser, such as the number of a byte.
    if not isinstance(error, RuntimeError | OSError):
        return "it is damaged, or torch.save did not write it in its usual format"
    return first_line(error)


def _tensors_in(content: object) -> dict[str, Tensor]:
    """The tensors of a ``state_dict``, or of the one in a checkpoint."""
    if not isinstance(content, Mapping):
        return {}
    named = {name: value for name, value in content.items() if isinstance(name, str)}
    tensors = {name: value.detach() for name, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        return tensors
    return next((found for entry in ENTRIES if (found := _tensors_in(content.get(entry)))), {})

"""Files of weights as networks that training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from merlab.errors import MerlabError
from merlab.evaluation.start import Start, constants_of
from merlab.evaluation.zoo import ZooFile
from merlab.given import as_path, require_file
from merlab.models.card import SYNTHETIC_FACES, ModelCard
from merlab.models.digest import content_digest
from merlab.models.members import single
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.zoo_files import holds_zoo_weights, load_zoo_file


def load_starts(files: Path | str | Sequence[Path | str] | None) -> tuple[Start | ZooFile, ...]:
    """The networks in files, in their order; a file of ``merlab pretrain`` that averages several gives each of them.

    A file that is not merlab's has the weights of one published network. Raises MerlabError for a file that is missing,
    damaged or of another kind.
    """
    given = () if files is None else (files,) if isinstance(files, PathLike | str) else files
    if not isinstance(given, Sequence) or not all(isinstance(file, PathLike | str) for file in given):
        raise MerlabError(f"start must be a file of weights or a list of such files, got {given!r}")
    return tuple(start for file in given for start in _starts_in(as_path(file, "start")))


def _starts_in(file: Path) -> Sequence[Start | ZooFile]:
    require_file(
        file,
        "--from takes a file of weights that `merlab pretrain` wrote, or the weights of a published network "
        "(.safetensors, .pth, .pt)",
    )
    if holds_zoo_weights(file):
        return [load_zoo_file(file)]
    return [_start(file.name, each) for each in single(load_recognizer(file))]


def _start(name: str, recognizer: Recognizer) -> Start:
    card, tensors = recognizer.card, recognizer.module.state_dict()
    return Start(
        name=name,
        sha256=recognizer.digest,
        method=card.method,
        recipe=recognizer.recipe,
        classes=card.classes,
        tensors=tensors,
        digest=content_digest("{}", tensors),
        databases=tuple(
            name for name in card.trained_on.databases if name != SYNTHETIC_FACES or not _is_of_merlab(card)
        ),
        synthetic=SYNTHETIC_FACES in card.trained_on.people,
        inputs=card.training_inputs,
        constants=constants_of(recognizer.module),
    )


def _is_of_merlab(card: ModelCard) -> bool:
    """Whether the synthetic clips of a card are merlab's own: rendered in memory, or flow that is mixed into no batch.

    Flow is mixed into batches of the clips of a database, which may be synthetic faces of the user. Those of a further
    start cannot be told from merlab's, so they count as such faces.
    """
    trained_on, training = card.trained_on, card.training
    mixed = training is not None and training.synthetic_share > 0
    return trained_on.synthetic is not None or (trained_on.flow is not None and not mixed and not trained_on.starts)

"""Weights that training starts from, and whether they belong to the network, the clips and the classes of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from merlab.errors import MerlabError
from merlab.evaluation.run_record import FittedFacts, StartFacts
from merlab.evaluation.same_people import with_people_of
from merlab.inputs.flow import RELEASED_CHANNELS
from merlab.inputs.recipe import CROPS, Recipe

# Kinds of input whose samples are images of flow, however the flow was obtained.
FLOW_KINDS = ("flow", "released-flow")
# What layers hold for training alone: weights with another value give the same numbers.
OF_TRAINING = ("training", "inplace", "momentum", "dropout", "drop_path", "frozen")


@dataclass(frozen=True, eq=False)
class Start:
    """A trained network whose weights training starts from.

    Attributes:
        name: of its file, which may hold several networks.
        sha256: of its file.
        method: the name of the method that it is a network of.
        recipe: of the input that it was trained on.
        classes: in the order of its logits.
        tensors: its ``state_dict``.
        digest: the SHA-256 of the tensors: names, types, shapes, values. The card beside them changes no prediction.
        databases: the databases of real people, or of your own faces, that it was trained on; empty for a network that
            was trained on merlab's synthetic faces alone.
        synthetic: whether it, or a start of it, was trained on synthetic faces or synthetic flow.
        inputs: short digests of the inputs of these databases (``evaluation.seen_inputs``).
        fitted: for a file that is not merlab's, what of it fitted the network (``evaluation.zoo``); ``tensors`` are
            then only a part of the ``state_dict``.
        constants: of its layers (``constants_of``); empty for a file that is not merlab's.

    """

    name: str
    sha256: str
    method: str
    recipe: Recipe
    classes: tuple[str, ...]
    tensors: Mapping[str, Tensor] = field(repr=False)
    digest: str
    databases: tuple[str, ...] = ()
    synthetic: bool = False
    inputs: tuple[str, ...] = field(default=(), repr=False)
    fitted: FittedFacts | None = None
    constants: Mapping[str, object] = field(default_factory=dict, repr=False)

    def facts(self) -> StartFacts:
        """The start as run.json states it."""
        return StartFacts(
            name=self.name,
            sha256=self.sha256,
            digest=self.digest,
            method=self.method,
            databases=list(self.databases),
            fitted=self.fitted,
        )

    def require_input(self, method: str, recipe: Recipe) -> None:
        """Raise MerlabError with both recipes unless a method reads the same samples as this network."""
        if _sample(self.recipe) != _sample(recipe):
            raise MerlabError(
                f"{self.name} was trained on {self.recipe}, but {method} of this run reads {recipe}; channels, scale, "
                "size and view must be the same: pass another --input, or train the start with --input"
            )

    def require_classes(self, classes: Sequence[str]) -> None:
        """Raise MerlabError unless the network has these classes in this order."""
        if self.classes != tuple(classes):
            raise MerlabError(
                f"{self.name} has the classes {', '.join(self.classes)}, but this run has {', '.join(classes)}; use "
                "the scheme of the file, or train the start with the scheme of the run"
            )

    def require_network(self, network: nn.Module) -> None:
        """Raise MerlabError with the first tensor or constant that differs from the network's.

        The network may be on ``meta``. What fitted a network once (``fitted``) is not compared again.
        """
        if self.fitted is not None:
            return
        wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        given = {name: tuple(value.shape) for name, value in self.tensors.items()}
        for name in sorted(wanted.keys() | given.keys()):
            if wanted.get(name) != given.get(name):
                forms = (str(each[name]) if name in each else "absent" for each in (given, wanted))
                raise MerlabError(
                    "{} has another network than {} of this run: the tensor {} is {} in the file and {} here; train "
                    "the start with the same network options".format(self.name, self.method, name, *forms)
                )
        for name, value in constants_of(network).items():
            if self.constants.get(name, value) != value:
                raise MerlabError(
                    f"{self.name} has another network than {self.method} of this run: {name} is {self.constants[name]} "
                    f"in the file and {value} here, so that the weights would give other numbers than they were "
                    "trained to; train the start again, with the preset and network options of this run and this "
                    "version of merlab"
                )

    def require_unseen(self, databases: Sequence[str]) -> None:
        """Raise MerlabError if the network was trained on people of these databases, whose subjects are tested."""
        seen = with_people_of(self.databases, databases)
        if seen:
            raise MerlabError(
                f"{self.name} was trained on {', '.join(seen)}, whose subjects are tested in this run, so its results "
                "would be too good; use a start that was trained on synthetic faces alone, or test other databases "
                "(--protocol hold-out-database --train-on)"
            )


def constants_of(network: nn.Module) -> dict[str, object]:
    """What layers of torch and merlab are, and compute with beside their tensors: ``{"norm.eps": 1e-05}``."""
    found: dict[str, object] = {}
    for name, layer in network.named_modules():
        kind = type(layer)
        if not kind.__module__.startswith(("torch.nn.", "merlab.")) or isinstance(layer, nn.Dropout | nn.Identity):
            continue
        found[name or "the whole"] = kind.__name__
        for constant, value in vars(layer).items():
            if isinstance(value, int | float | str | tuple) and constant[0] != "_" and constant not in OF_TRAINING:
                found[f"{name}.{constant}".removeprefix(".")] = value
    return found


def _sample(recipe: Recipe) -> object:
    """What decides how one sample of a network is to be read; the crop of the clips does not."""
    if recipe.kind.name not in FLOW_KINDS or recipe.kind.mirror is None or recipe.kind.mirror(recipe) is None:
        return str(replace(recipe, crop=CROPS[0]))
    options = dict(recipe.options)
    channels = options.get("channels", RELEASED_CHANNELS * (recipe.channels // len(RELEASED_CHANNELS)))
    form = recipe.sample_shape, recipe.view, recipe.regions, recipe.outlines
    return channels, options["scale"], options.get("magnify", "none"), form

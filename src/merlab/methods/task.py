"""The shape of the problem that a classifier is built for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from merlab.given import as_whole, naming_fields

if TYPE_CHECKING:
    from merlab.inputs.recipe import Recipe, SampleLayout


@naming_fields()
@dataclass(frozen=True)
class Task:
    """The shape of the problem that a classifier is built for.

    ``classes`` is the number of classes. ``height`` and ``width`` are the rows and columns of an input. ``channels``
    counts one view; with ``views`` = 2 an input has 2 x channels: the global view, then the local one. ``frames`` is
    the length of a sequence, 1 for all else. A vector of numbers is ``channels`` of 1 x 1.
    """

    classes: int
    channels: int
    height: int
    width: int
    views: int = 1
    frames: int = 1

    def __post_init__(self) -> None:
        for each in fields(self):
            # The scheme whose classes are the labels has none before there are clips.
            least = 0 if each.name == "classes" else 1
            object.__setattr__(self, each.name, as_whole(getattr(self, each.name), each.name, least))

    @classmethod
    def of(cls, classes: int, recipe: Recipe) -> Task:
        """The task of distinguishing this number of classes on inputs of this recipe."""
        *_, height, width = recipe.shape
        return cls(classes, recipe.channels, height, width, recipe.views, recipe.frames)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input: (C, H, W) with the channels of all views, (T, C, H, W) of a sequence."""
        image = self.views * self.channels, self.height, self.width
        return (self.frames, *image) if self.frames > 1 else image

    @property
    def layout(self) -> SampleLayout:
        """The form of one view of an input."""
        if self.frames > 1:
            return "sequence"
        return "vector" if self.height == self.width == 1 else "image"

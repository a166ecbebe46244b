"""The frames of a clip as a kind of input of your own sees them: only those that it declares can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from merlab.clips import Clip
from merlab.frames import ClipError, Frames
from merlab.frames.frame import Image, WalkedFrame
from merlab.given import is_whole
from merlab.inputs.apex import frames_that_decide
from merlab.inputs.passed_frames import PassedFrames
from merlab.inputs.recipe import Recipe


def declared_numbers(clip: Clip, recipe: Recipe) -> list[int]:
    """The numbers of the frames that decide the input of a clip.

    Raises ClipError where your own kind of input gives anything but frame numbers.
    """
    given: object = frames_that_decide(clip, recipe)
    numbers = list(given) if isinstance(given, Iterable) else []
    if not isinstance(given, Iterable) or not all(map(is_whole, numbers)):
        moments = f"onset {clip.onset}, apex {clip.apex}, offset {clip.offset}"
        raise ClipError(
            f"{_where(clip, recipe)}: frames_needed gave {given!r} for a clip with {moments}; it must give a list of "
            "frame numbers"
        )
    return list(map(int, numbers))


def as_declared(frames: Frames, clip: Clip, recipe: Recipe) -> Frames:
    """The frames, of which your own kind of input can read only those that it declares."""
    if recipe.kind.is_built_in:
        return frames
    return DeclaredFrames(frames, frozenset(declared_numbers(clip, recipe)), _where(clip, recipe))


def _where(clip: Clip, recipe: Recipe) -> str:
    return f"{clip.subject} {clip.name} ({clip.database}): input {recipe.kind.name}"


@dataclass(frozen=True, eq=False)
class DeclaredFrames(PassedFrames):
    """Frames of which only the ``declared`` numbers can be read; ``where`` is for messages.

    A cached array is made again when one of these changes, so another frame would give an outdated array in silence.
    """

    declared: frozenset[int]
    where: str

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        for number in self.numbers:
            self._require_declared(number)
        yield from self.frames

    def walk(self, wanted: Callable[[int], bool]) -> Iterator[WalkedFrame]:
        """As in ``Frames``; raises ClipError for a wanted frame that is not declared."""
        for number in filter(wanted, self.numbers):
            self._require_declared(number)
        yield from self.frames.walk(wanted)

    def read(self, number: int) -> Image:
        """As in ``Frames``; raises ClipError for a frame that is not declared."""
        self._require_declared(number)
        return self.frames.read(number)

    def _require_declared(self, number: int) -> None:
        if number not in self.declared:
            raise ClipError(
                f"{self.where}: extract reads frame {number}, which frames_needed does not list, so that a change of "
                "this frame would leave an outdated array in the cache; add it to what frames_needed gives"
            )

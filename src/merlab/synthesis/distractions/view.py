"""All changes of the pictures of one view of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from merlab.synthesis.canvas_layout import CAMERA, Window
from merlab.synthesis.distractions.cut import Cut
from merlab.synthesis.distractions.distraction import Distraction
from merlab.synthesis.distractions.framing import Framing
from merlab.synthesis.distractions.hand import Hand
from merlab.synthesis.distractions.hand_picture import HandPicture
from merlab.synthesis.distractions.picture import PictureChange
from merlab.synthesis.distractions.second_person import SecondPerson
from merlab.synthesis.distractions.second_person_picture import SecondPersonPicture
from merlab.synthesis.identity import Identity
from merlab.synthesis.presets import RenderPreset


def picture_changes(
    identity: Identity, distractions: Sequence[Distraction], preset: RenderPreset, window: Window, fps: float
) -> Iterator[PictureChange]:
    """The changes of the pictures of one view, from back to front; only the camera view shows a second person."""
    hands = [each for each in distractions if isinstance(each, Hand)]
    visits = [each for each in distractions if isinstance(each, SecondPerson)]
    cuts = [each for each in distractions if isinstance(each, Cut)]
    if visits and window == CAMERA:
        yield SecondPersonPicture(identity.seed, identity.subject, visits, preset)
    if hands:
        yield HandPicture(identity, hands, window, fps)
    if cuts and window == CAMERA:
        yield Framing(cuts, window)

"""What changes a picture after a face is rendered: things before and beside it, and the framing of the camera."""

from __future__ import annotations

from typing import Protocol

from merlab.frames import Float32Array

# Blue, green and red (H, W), gray values under the light, before sensor noise.
Planes = list[Float32Array]


class PictureChange(Protocol):
    """A change of the pictures of one view of a recording."""

    def changed(self, planes: Planes, tick: float, gain: float) -> Planes:
        """The planes of the frame at a moment (ticks of 1/200 s); ``gain`` is that of the light."""
        ...

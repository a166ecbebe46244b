"""Images of 16 bits whose upper bits are unused, as those of a camera of 14 bits: they are read too dark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from merlab.frames.frame import ClipError
from merlab.frames.images import TWELVE_BITS, ImageFolder, decoded_image

MAY_HAVE_16_BITS = (".png", ".tif", ".tiff")
HALF = 1 << 15
# At most so many images of a folder, evenly spaced, are searched for values that need all bits.
SAMPLED = 4


def dim_images(files: Iterable[Path]) -> tuple[str, str] | None:
    """What images of 16 bits are of which no value needs more than 13 to 15, and what to do; None for others.

    A few images of a recording are enough. None is read after a bright one, or one of 8 bits; damaged ones are left
    out.
    """
    brightest = 0
    for file in files:
        if file.suffix.lower() not in MAY_HAVE_16_BITS:
            return None
        try:
            image = decoded_image(file)
        except ClipError:
            continue
        brightest = max(brightest, int(image.max()))
        if image.dtype != np.uint16 or brightest >= HALF:
            return None
    if brightest < TWELVE_BITS:
        return None
    bits = brightest.bit_length()
    return (
        f"16 bits per sample, but no value above {2**bits - 1}, as of a camera of {bits} bits, so that images are read "
        f"with 1/{2 ** (16 - bits)} of their brightness",
        f"for a camera of {bits} bits, write the frames with 8 bits per sample, every value divided by "
        f"{2 ** (bits - 8)}; where a recording is so dark, nothing is to be done",
    )


def dim_caveats(source: Path) -> list[str]:
    """The same in one sentence about a folder of images; none for other folders, and for videos."""
    if not source.is_dir():
        return []
    folder = ImageFolder(source)
    dim = dim_images(map(folder.file, folder.numbers[:: len(folder.numbers) // SAMPLED + 1]))
    return ["the images have {}; {}".format(*dim)] if dim else []

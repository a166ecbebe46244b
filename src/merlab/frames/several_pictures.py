"""Files of images that hold more than one picture, of which OpenCV would decode the first without a word."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

from merlab.frames.container import TIFF

# A chunk of an animated PNG that states how many pictures there are, and a chunk of an animated WebP.
ANIMATED_PNG, ANIMATED_WEBP = b"acTL", b"ANIM"
# How the block begins that each picture of an animated GIF has.
GIF_PICTURE = b"\x21\xf9\x04"
# The tag of a TIFF that says what a page is, and the values of pages that show another one smaller, or mask it.
PAGE_KIND, REDUCED, MASK = 254, 1, 4


def several_pictures(content: bytes) -> str | None:
    """What the content of a file is if it holds several pictures, such as ``an animated PNG``; None for one."""
    if content.startswith(b"\x89PNG"):
        at = content.find(ANIMATED_PNG, 0, max(content.find(b"IDAT"), 0))
        return "an animated PNG" if at > 0 and int.from_bytes(content[at + 4 : at + 8], "big") > 1 else None
    if content[8:12] == b"WEBP":
        return "an animated WebP" if ANIMATED_WEBP in content[:64] else None
    if content.startswith(b"GIF8"):
        return "an animated GIF" if content.count(GIF_PICTURE) > 1 else None
    if content.startswith(TIFF):
        return "a TIFF of several pages" if len(list(islice(_pages(content), 2))) > 1 else None
    return None


def _pages(content: bytes) -> Iterator[int]:
    """The places of the pages of a TIFF, without small copies and masks; those of a damaged file up to the damage."""
    order = "<" if content.startswith(b"II") else ">"
    # The numbers of a BigTIFF have 8 bytes.
    is_big = content[2:4] in (b"+\0", b"\0+")
    number, counted, tag = ("Q", "Q", "HHQI4x") if is_big else ("I", "H", "HHII")
    number, counted, tag = order + number, order + counted, order + tag
    seen = set[int]()
    try:
        (place,) = struct.unpack_from(number, content, 8 if is_big else 4)
        while place and place not in seen:
            seen.add(place)
            (count,) = struct.unpack_from(counted, content, place)
            begin = place + struct.calcsize(counted)
            tags = [struct.unpack_from(tag, content, begin + n * struct.calcsize(tag)) for n in range(count)]
            if not any(name == PAGE_KIND and value & (REDUCED | MASK) for name, _, _, value in tags):
                yield place
            (place,) = struct.unpack_from(number, content, begin + count * struct.calcsize(tag))
    except struct.error:
        return

"""Files of images that hold more than one picture, of which OpenCV would decode the first without a word."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from merlab.frames.container import TIFF

# The chunk of an animated PNG that states how many pictures there are, and the flag in the first chunk of a WebP.
ANIMATED_PNG, WITH_FLAGS, ANIMATED_WEBP = b"acTL", b"WEBPVP8X", 2
# The block before each picture of an animated GIF, from its beginning to that of what follows; three bytes alone would
# be found by chance among those of a large picture.
GIF_PICTURE = re.compile(rb"\x21\xf9\x04.{4}\x00[\x21\x2c]", re.DOTALL)
# The tag of a TIFF that says what a page is, and the values of pages that show another one smaller, or mask it.
PAGE_KIND, REDUCED, MASK = 254, 1, 4


def several_pictures(content: bytes) -> str | None:
    """What the content of a file is if it holds several pictures, such as ``an animated PNG``; None for one."""
    if content.startswith(b"\x89PNG"):
        at = content.find(ANIMATED_PNG, 0, max(content.find(b"IDAT"), 0))
        return "an animated PNG" if at > 0 and int.from_bytes(content[at + 4 : at + 8], "big") > 1 else None
    if content[8:16] == WITH_FLAGS:
        return "an animated WebP" if any(flags & ANIMATED_WEBP for flags in content[20:21]) else None
    if content.startswith(b"GIF8"):
        return "an animated GIF" if len(list(islice(GIF_PICTURE.finditer(content), 2))) > 1 else None
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
    except (struct.error, OverflowError):
        return

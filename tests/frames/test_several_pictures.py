"""Images with several pictures, as Pillow writes them, are not frames."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from merlab.databases import find_database
from merlab.errors import MerlabError
from merlab.frames import ImageFolder, UnfitImageError, open_frames, read_image, write_image
from merlab.frames.several_pictures import several_pictures
from merlab.progress import silent

PICTURES = [Pillow.fromarray(np.full((30, 24, 3), value, np.uint8)) for value in (10, 90, 200)]


def content(form: str, pictures: int = 3, **options: object) -> bytes:
    written = io.BytesIO()
    PICTURES[0].save(written, form, save_all=True, append_images=PICTURES[1:pictures], **options)
    return written.getvalue()


@pytest.mark.parametrize(
    ("form", "options", "kind"),
    [
        ("PNG", {}, "an animated PNG"),
        ("WEBP", {}, "an animated WebP"),
        ("WEBP", {"icc_profile": bytes(500)}, "an animated WebP"),
        ("GIF", {"duration": 40}, "an animated GIF"),
        ("TIFF", {}, "a TIFF of several pages"),
        ("TIFF", {"big_tiff": True}, "a TIFF of several pages"),
    ],
)
def test_are_told_from_images_of_one_picture(form, options, kind):
    assert several_pictures(content(form, **options)) == kind
    assert several_pictures(content(form, 1, **options)) is None
    # Of a file that was cut off, as of any that is damaged, nothing is known but that it ends early.
    assert several_pictures(content(form, 1, **options)[:30]) is None


def test_of_a_tiff_with_a_small_copy_of_its_picture_the_picture_is_read():
    written, kind = io.BytesIO(), ImageFileDirectory_v2()
    kind[254] = 1
    small = PICTURES[1].resize((12, 15))
    small.encoderinfo = {"tiffinfo": kind}
    PICTURES[0].save(written, "TIFF", save_all=True, append_images=[small])
    # The second page is there.
    Pillow.open(io.BytesIO(written.getvalue())).seek(1)
    assert several_pictures(written.getvalue()) is None


def test_in_bytes_of_the_other_order_are_found():
    """From the definition of TIFF 6.0: two pages of one entry each, and one page that is a mask."""

    def page(kind: int, after: int) -> bytes:
        return b"\0\1" + b"\0\xfe\0\4\0\0\0\1" + kind.to_bytes(4, "big") + after.to_bytes(4, "big")

    head = b"MM\0*" + (8).to_bytes(4, "big")
    assert several_pictures(head + page(2, 26) + page(2, 0)) == "a TIFF of several pages"
    assert several_pictures(head + page(0, 26) + page(4, 0)) is None
    # A chain that ends nowhere is followed once.
    assert several_pictures(head + page(0, 8)) is None


def test_of_a_gif_may_have_the_bytes_before_a_picture_by_chance():
    assert several_pictures(content("GIF", 1, comment=b"a \x21\xf9\x04 b", duration=40)) is None


def test_in_a_damaged_tiff_with_a_place_beyond_all_files_are_not_sought():
    assert several_pictures(b"II+\0\x08\0\0\0" + b"\xff" * 8) is None


@pytest.mark.parametrize(("form", "suffix"), [("PNG", ".png"), ("TIFF", ".tif")])
def test_are_refused_as_frames_with_the_remedy(tmp_path, form, suffix):
    write_image(tmp_path / "1.png", np.full((30, 24, 3), 90, np.uint8))
    path = tmp_path / f"2{suffix}"
    path.write_bytes(content(form))
    assert cv2.imread(str(path)) is not None
    with pytest.raises(
        UnfitImageError, match=f"2{suffix} is .*, and a frame is one picture; write each of its pictures"
    ):
        read_image(path)
    # It is not damaged, so it is not left out.
    with pytest.raises(UnfitImageError):
        list(ImageFolder(tmp_path).walk(lambda number: True))
    with pytest.raises(MerlabError, match="pages each page as a file of its own|convert it to MP4"):
        open_frames(path)
    table = tmp_path / "clips.csv"
    table.write_text("subject,clip,frames,fps,onset,offset\nanna,smile,.,200,1,2\n")
    (fault,) = find_database("table").examine(table, True, silent).of("unusable")
    assert fault.remedy == "write each of its pictures as a file of its own, with its number at the end of the name"

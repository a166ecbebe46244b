"""Trees with the layouts, columns and published counts of SMIC's releases; the frames are tiny."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merlab.databases.database import Examination
from merlab.databases.smic import SMIC
from merlab.progress import silent
from tests.databases.release import image_bytes, write_images, write_table

TABLE = "SMIC-HS-E_annotation_2019.xlsx"
COLUMNS = (
    "Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None, "FirstF", "LastF", "TotalMF1",
    "TotalMF2", "TotalVL", "Emotion",
)  # fmt: skip

# Subject -> number of negative, positive and surprise clips, as in the official MEGC2019 list.
CLIPS = {
    1: (3, 2, 1), 2: (0, 1, 5), 3: (22, 11, 6), 4: (10, 4, 5), 5: (1, 0, 1), 6: (2, 0, 2), 8: (9, 4, 0), 9: (0, 1, 3),
    11: (3, 3, 1), 12: (0, 8, 1), 13: (0, 10, 0), 14: (3, 2, 5), 15: (1, 1, 2), 18: (2, 0, 5), 19: (0, 1, 1),
    20: (14, 3, 5),
}  # fmt: skip
EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
WITHOUT_ROW = ("s01_ne_02", "s02_sur_05")
WITHOUT_LONG_FOLDER = ("s03_ne_03", "s03_ne_20", "s04_ne_05", "s04_ne_06", "s09_sur_02")
WITH_SECOND = ("s03_ne_01", "s04_po_01")
BMP, JPEG = image_bytes(suffix=".bmp"), image_bytes()


@dataclass(frozen=True)
class Take:
    """A clip: its subject, abbreviated emotion, number, onset and offset."""

    subject: int
    emotion: str
    number: int
    onset: int
    offset: int

    @property
    def name(self) -> str:
        return f"s{self.subject:02d}_{self.emotion}_{self.number:02d}"

    @property
    def unpadded(self) -> str:
        return f"s{self.subject}_{self.emotion}_{self.number:02d}"

    @property
    def row(self) -> dict[str, Any]:
        second = {"Onset2F": self.offset + 9, "Offset2F": self.offset + 12} if self.name in WITH_SECOND else {}
        return {
            "Subject": self.subject,
            "Filename": self.unpadded,
            "OnsetF": self.onset,
            "OffsetF": self.offset,
            "FirstF": self.onset - 3,
            "LastF": self.offset + 15,
            "TotalMF1": self.offset - self.onset + 1,
            "Emotion": EMOTIONS[self.emotion],
            **second,
        }


def takes(clips: dict[int, tuple[int, int, int]] = CLIPS) -> Iterator[Take]:
    """All clips; frame numbers have 6 digits, but 8 digits for s20."""
    counter = 559740
    for subject, counts in clips.items():
        for emotion, count in zip(EMOTIONS, counts, strict=True):
            for number in range(1, count + 1):
                counter += 100
                onset = counter + (17000000 if subject == 20 else 0)
                yield Take(subject, emotion, number, onset, onset + 4)


def write_annotation(root: Path, written: Sequence[Take], sheet: str = "HS") -> Path:
    """An annotation table with the sheet of one camera; the sheet of the other camera is empty."""
    rows = [take.row for take in written if take.name not in WITHOUT_ROW]
    other = "VIS" if sheet == "HS" else "HS"
    return write_table(root / TABLE, rows, COLUMNS, sheets=(sheet, other))


def write_single(
    root: Path,
    written: Sequence[Take] | None = None,
    camera: str = "HS",
    *,
    table: bool = True,
    image: str = "reg_image",
) -> Path:
    """Single clips: ``HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp``."""
    written = list(takes()) if written is None else written
    if table:
        write_annotation(root, written)
    for take in written:
        folder = root / "SMIC_all_cropped" / camera / f"s{take.subject:02d}" / "micro" / EMOTIONS[take.emotion]
        names = (f"{image}{number}.bmp" for number in range(take.onset, take.offset + 1))
        write_images(folder / take.name, names, BMP)
    return root


def write_long(root: Path, written: Sequence[Take] | None = None, *, table: bool = True) -> Path:
    """Long videos: ``SMIC_HS_E/s01/s1_ne_01/image559740.jpg``, with frames before the onset and after the offset."""
    written = list(takes()) if written is None else written
    if table:
        write_annotation(root, written)
    for take in written:
        if take.name not in WITHOUT_LONG_FOLDER:
            last = take.offset + (15 if take.name in WITH_SECOND else 3)
            names = (f"image{number}.jpg" for number in range(take.onset - 3, last + 1))
            write_images(root / "SMIC_HS_E" / f"s{take.subject:02d}" / take.unpadded, names, JPEG)
    return root


def examine(root: Path, *, deep: bool = False) -> Examination:
    """Examine without reporting progress."""
    return SMIC.examine(root, deep, silent)

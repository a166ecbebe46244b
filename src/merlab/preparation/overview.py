"""All clips of a prepared tree on one sheet: the first aligned frame of each, with its regions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Image, open_frames, write_image
from merlab.preparation.record import read_record
from merlab.preparation.sheets import ALARM, INK, LINE, MARGIN, PAPER, draw_regions, write_text

TILE_WIDTH, TILE_HEIGHT = LAYOUT_WIDTH // 2, LAYOUT_HEIGHT // 2
MOST_COLUMNS = 12
GRAY = (200, 200, 200)


def write_overview(path: Path, folders: Sequence[Path], faults: Sequence[str], stamps: Sequence[str]) -> None:
    """Write the sheet of these folders of aligned frames; ``faults`` are the titles of clips that are not prepared.

    Tiles of clips with warnings have a red frame.
    """
    tiles = [*map(_tile, folders), *map(_fault_tile, faults)]
    columns = max(min(MOST_COLUMNS, len(tiles)), 3)
    rows = max(math.ceil(len(tiles) / columns), 1)
    across, down = TILE_WIDTH + MARGIN, TILE_HEIGHT + LINE + MARGIN
    sheet = np.full((rows * down + LINE + 2 * MARGIN, columns * across + MARGIN, 3), PAPER, np.uint8)
    head = f"{len(folders)} prepared, {len(faults)} not"
    write_text(sheet, " ".join([*stamps, head]), (MARGIN, MARGIN + 6), ALARM if stamps else INK)
    for position, tile in enumerate(tiles):
        left, top = MARGIN + position % columns * across, MARGIN + LINE + position // columns * down
        sheet[top : top + tile.shape[0], left : left + TILE_WIDTH] = tile
    write_image(path, sheet)


def _tile(folder: Path) -> Image:
    record = read_record(folder)
    face = draw_regions(open_frames(folder).read(record.frames[0]), record.regions)
    small = np.asarray(cv2.resize(face, (TILE_WIDTH, TILE_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    if record.warnings:
        cv2.rectangle(small, (0, 0), (TILE_WIDTH - 1, TILE_HEIGHT - 1), ALARM, 2)
    return _captioned(small, record.clip)


def _fault_tile(where: str) -> Image:
    tile = np.full((TILE_HEIGHT, TILE_WIDTH, 3), GRAY, np.uint8)
    write_text(tile, "not prepared", (10, TILE_HEIGHT // 2), ALARM)
    return _captioned(tile, where)


def _captioned(tile: Image, text: str) -> Image:
    caption = np.full((LINE, TILE_WIDTH, 3), PAPER, np.uint8)
    write_text(caption, text, (0, LINE - 5), INK)
    return np.vstack([tile, caption])

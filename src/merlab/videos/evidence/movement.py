"""What moved between the onset and the apex of an event: parts of the face, and the action units it is consistent with.

These are observations of a movement of the image. The action units are those whose movement on merlab's synthetic face
of average proportions explains the observed one. No annotated face was used, and a certified coder may code others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from merlab.faces.regions import LAYOUT_HEIGHT, LAYOUT_WIDTH
from merlab.frames import Float32Array, Image
from merlab.optical_flow import dis
from merlab.spotting.motion import blocks_beside_lids, even_gray, in_blocks, inner_blocks, lid_blocks, without_head
from merlab.spotting.motion_score import PARTS, part_weights
from merlab.spotting.unit_blocks import unit_blocks
from merlab.videos.evidence.change import picture_change
from merlab.videos.moved import PartMovement, UnitStrength

# px; these limits and the two shares below were chosen on synthetic faces (seed 4242) so that a movement is reported
# in about one of twenty pairs of frames without an event.
LEAST_MOVEMENT, LEAST_STRENGTH = 0.3, 0.4
# A unit is listed only if without it the unexplained movement grows by the first share, and none is listed unless the
# units together explain the second share of the movement.
LEAST_GAIN, LEAST_EXPLAINED = 0.2, 0.4
# px that the lids of both eyes move in a blink, and the share of a unit's movement that must be visible beside them.
BLINK, LEAST_SEEN = 0.4, 0.25
# Both sides move unless one moves less than this share of the other.
BOTH_SIDES = 0.5
# Below this ratio of the mean's length to the mean length, there is no one direction.
LEAST_COHERENCE = 0.5
# sin 22.5°: a component below it leaves a direction in one of eight sectors.
SECTOR = 0.3827

SIDE_NAMES = {"r": "right", "l": "left"}

Blocks = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What moved.

    ``flow`` (282, 231, 2) is the displacement (x right, y down) px of each pixel, without that of the head. ``parts``
    and ``action_units`` hold what exceeds the noise, the largest first; right and left are the subject's.
    ``largest`` is the largest displacement of a block of the face, px; ``head`` (282, 231, 2) px is that by the head,
    which was subtracted. ``change`` is the change of the picture beyond its movement, as in ``picture_change``.
    """

    flow: Float32Array
    parts: tuple[PartMovement, ...]
    action_units: tuple[UnitStrength, ...]
    largest: float
    head: Float32Array
    change: float


def movement_evidence(onset: Image, apex: Image) -> Evidence:
    """What moved between two aligned faces (H, W, 3) BGR, by dense optical flow (DIS) between them in even light."""
    before, after = (even_gray(face, LAYOUT_WIDTH, LAYOUT_HEIGHT) for face in (onset, apex))
    seen = dis(before, after)
    flow = without_head(seen)
    blocks = in_blocks(flow)
    return Evidence(
        flow,
        moved_parts(blocks),
        explaining_units(blocks),
        largest=float(np.hypot(*np.moveaxis(blocks[blocks_beside_lids()], -1, 0)).max()),
        head=seen - flow,
        change=picture_change(onset, apex, seen),
    )


def moved_parts(blocks: Float32Array) -> tuple[PartMovement, ...]:
    """The parts (of PARTS) that a displacement (ROWS, COLUMNS, 2) moves by LEAST_MOVEMENT or more, largest first."""
    lengths = np.einsum("rc,prc->p", np.hypot(blocks[..., 0], blocks[..., 1]), part_weights())
    means = np.einsum("rcd,prc->pd", blocks, part_weights())
    moved = [
        PartMovement(part, float(length), direction_words(part, mean, float(length)))
        for part, length, mean in zip(PARTS, lengths, means, strict=True)
        if length >= LEAST_MOVEMENT
    ]
    return tuple(sorted(moved, key=lambda each: -each.px))


def direction_words(part: str, mean: Float32Array, length: float) -> str:
    """The direction of a part's mean displacement (x, y) in words, in eight sectors; ``length`` is the mean length."""
    if np.hypot(*mean) < LEAST_COHERENCE * length:
        return "in several directions"
    across, down = (float(component) for component in mean / np.hypot(*mean))
    words = []
    if abs(down) > SECTOR:
        words.append("down" if down > 0 else "up")
    if abs(across) > SECTOR:
        # The subject's left is on the right of the image.
        to_left = across > 0
        side = part.partition(", ")[2]
        if side:
            words.append("outwards" if to_left == (side == "left") else "inwards")
        else:
            words.append("to the left" if to_left else "to the right")
    return " and ".join(words)


def explaining_units(blocks: Float32Array) -> tuple[UnitStrength, ...]:
    """The action units that a displacement (ROWS, COLUMNS, 2) is consistent with, the largest first.

    The displacement is fitted by non-negative least squares as a sum of the displacements of all units. A unit that
    others can replace (LEAST_GAIN), and units that leave most of the movement unexplained, are not listed. Where the
    lids of both eyes move as in a blink (BLINK), they and the units that move little else (5 and 7) are left out.
    """
    blinking = blinks(blocks)
    templates = unit_templates(blinking)
    observed = blocks[fitted_blocks(blinking)].reshape(-1).astype(np.float64)
    strengths, residual = _fitted(templates, observed)
    energy = float(observed @ observed)
    if not energy or 1 - residual / energy < LEAST_EXPLAINED:
        return ()
    named = []
    for number in sorted({int(key[:-1]) for key in templates}):
        sides = {key[-1]: strengths[key] for key in templates if int(key[:-1]) == number}
        if max(sides.values()) >= LEAST_STRENGTH:
            others = {key: template for key, template in templates.items() if int(key[:-1]) != number}
            if _fitted(others, observed)[1] - residual >= LEAST_GAIN * residual:
                named.append(UnitStrength(_code(number, sides), max(sides.values())))
    return tuple(sorted(named, key=lambda each: -each.px))


def _code(number: int, sides: Mapping[str, float]) -> str:
    strongest = max(sides, key=lambda side: sides[side])
    if len(sides) == 1 or min(sides.values()) >= BOTH_SIDES * sides[strongest]:
        return f"AU{number}"
    return f"AU{number} {SIDE_NAMES[strongest]}"


def blinks(blocks: Float32Array) -> bool:
    """Whether the lids of both eyes fall, or rise, farther than an action unit moves them."""
    falls = [float(blocks[lids][:, 1].mean()) for lids in lid_blocks()]
    return min(falls) > BLINK or max(falls) < -BLINK


def fitted_blocks(blinking: bool) -> NDArray[np.bool_]:
    """The blocks in which the movements of units are compared with the observed one, (ROWS, COLUMNS)."""
    return blocks_beside_lids() if blinking else inner_blocks()


@cache
def unit_templates(blinking: bool) -> dict[str, Blocks]:
    """The displacement of the fitted blocks, by unit and side (``12l``), for a largest displacement of 1 px.

    In a blink, the units that are then hardly visible (LEAST_SEEN) are left out.
    """
    fitted, templates = fitted_blocks(blinking), {}
    for key, moved in unit_blocks().items():
        blocks = without_head(moved).astype(np.float64)
        if (blocks[fitted] ** 2).sum() >= LEAST_SEEN * (blocks**2).sum():
            templates[key] = blocks[fitted].reshape(-1)
    return templates


def _fitted(templates: Mapping[str, Blocks], observed: Blocks) -> tuple[dict[str, float], float]:
    """Non-negative strengths of the templates, px, and the sum of the squared residuals."""
    from scipy.optimize import nnls

    strengths, residual = nnls(np.stack(list(templates.values()), axis=1), observed)
    return dict(zip(templates, strengths.tolist(), strict=True)), float(residual) ** 2

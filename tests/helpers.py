"""Functions that make small clips for the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.databases import load
from merlab.evaluation.plan import Entry, Plan, make_entry
from merlab.evaluation.study import Study
from merlab.inputs import InputKind, parse_recipe
from merlab.methods import find_method
from merlab.synthesis import sampling

SHARED = Path(__file__).resolve().parents[2] / "shared"
STSTNET_FLOW = SHARED / "data" / "ststnet_flow"

needs_released_flow = pytest.mark.skipif(
    not STSTNET_FLOW.is_dir(), reason="the released flow images are not redistributed; put them next to the checkout"
)


def texture(seed: int, height: int = 282, width: int = 231) -> NDArray[np.float32]:
    """A smooth random gray image (H, W) in 40..215, with enough structure for optical flow."""
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.asarray(127.5 + 87.5 * np.tanh(smooth / smooth.std()), np.float32)


def moved(image: NDArray[np.float32], u: float, v: float) -> NDArray[np.float32]:
    """The image moved by u pixels to the right and v pixels down."""
    matrix = np.array([[1, 0, u], [0, 1, v]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def write_frames(folder: Path, images: Sequence[NDArray[np.float32]], first: int = 1, prefix: str = "img") -> Path:
    """Write gray images as ``imgN.png``; N starts at ``first``."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images, start=first):
        cv2.imwrite(
            str(folder / f"{prefix}{number}.png"), cv2.cvtColor(image.round().astype(np.uint8), cv2.COLOR_GRAY2BGR)
        )
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """The content of every file in and below a folder, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_clip(source: Path, **changes: object) -> Clip:
    """A valid clip of three frames, with the fields that a test changes."""
    fields: dict[str, object] = {
        "database": "casme2",
        "subject": "sub01",
        "name": "EP01_01",
        "fps": 200.0,
        "onset": 1,
        "apex": 2,
        "offset": 3,
        "action_units": "12",
        "emotion": "happiness",
        "source": source,
    }
    return Clip(**{**fields, **changes})  # type: ignore[arg-type]


def own_input(extract: Callable[..., Any], **changes: Any) -> InputKind:
    """A kind of input of your own, of one channel and 8x8 pixels, with the fields that a test changes."""
    fields: dict[str, Any] = {
        "name": "mine",
        "title": "of a test",
        "version": 1,
        "size": "8x8",
        "choices": {},
        "channels": lambda recipe: 1,
        "frames_needed": lambda clip, recipe: [clip.onset or 1],
        "extract": extract,
    }
    return InputKind(**{**fields, **changes})


FLOW_SUBJECTS = ("sub01", "sub02", "s03", "006")


def move_briefly(patch: pytest.MonkeyPatch) -> None:
    """Let each synthetic clip be among the shortest that the generator makes."""
    patch.setattr(sampling, "RISE_BOUNDS", (sampling.RISE_BOUNDS[0],) * 2)
    patch.setattr(sampling, "FALL_BOUNDS", (sampling.FALL_BOUNDS[0],) * 2)


def write_flow_tree(root: Path, subjects: Sequence[str] = FLOW_SUBJECTS, each: int = 2, seed: int = 0) -> Path:
    """A tree in the layout of the released flow, ``each`` images per class and subject; a bright band is the class."""
    rng = np.random.default_rng(seed)
    for subject in subjects:
        for label in range(3):
            folder = root / subject / "u_test" / str(label)
            folder.mkdir(parents=True)
            for number in range(each):
                image = rng.integers(90, 130, (28, 28, 3), np.uint8)
                image[4 + 8 * label : 10 + 8 * label, 8:20] = rng.integers(200, 256, (6, 12, 3), np.uint8)
                cv2.imwrite(str(folder / f"{subject}_{subject}_c{label}_{number:02d} .png"), image)
    return root


def flow_plan(root: Path, methods: Sequence[object], **options: Any) -> Plan:
    """The plan of a study on a tree of stored flow: MEGC2019's classes, leave one subject out, two seeds."""
    given: dict[str, Any] = {"scheme": "megc2019", "protocol": "loso", "seeds": 2, **options}
    return Study.of(load("ststnet-flow", root), list(methods), **given).plan()


def entry_of(name: str, preset: str, seeds: int = 5, recipe: str | None = None, **options: Any) -> Entry:
    """A method of merlab's under a preset, with nothing left open."""
    return make_entry(find_method(name), preset, range(seeds), parse_recipe(recipe) if recipe else None, **options)


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """A file's content with one fault: a flipped bit, overwritten bytes, a cut, or bytes that are added."""
    kind, place = random.integers(4), int(random.integers(len(content)))
    if kind == 0:
        return content[:place] + bytes([content[place] ^ 1 << int(random.integers(8))]) + content[place + 1 :]
    if kind == 1:
        noise = random.bytes(int(random.integers(1, 64)))
        return content[:place] + noise + content[place + len(noise) :]
    return content[:place] if kind == 2 else content + random.bytes(int(random.integers(1, 64)))

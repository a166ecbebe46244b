"""Compute the inputs of clips as one array, with a cache on disk for every recipe."""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from merlab.alignment_record import RECORD
from merlab.clips import Clip, ClipTable
from merlab.clips.whole_heads import ALIGN, warn_of_whole_heads
from merlab.errors import MerlabError, naming_mistakes
from merlab.faces.regions import REGIONS, regions_from_landmarks
from merlab.fingerprint import fingerprint
from merlab.frames import ClipError, DamagedFrameError, Float32Array, Frames, ImageFolder
from merlab.given import as_jobs, as_path, require_instance
from merlab.inputs.apex import with_apex
from merlab.inputs.cache import ENTRY_FORMAT, file_digest, missing_entries, require_space, stored_or_made
from merlab.inputs.declared_frames import as_declared, declared_numbers
from merlab.inputs.local_view import local_view
from merlab.inputs.recipe import CROPS, Recipe
from merlab.inputs.sound_frames import BlankFrameError, SoundFrames
from merlab.optical_flow import require_installed
from merlab.preparation.record import landmarks_of
from merlab.processes.thread_limits import one_thread
from merlab.processes.usable import usable_cores
from merlab.progress import Progress, silent
from merlab.spelling import counted, first_of
from merlab.stamps import WHOLE_HEADS
from merlab.user_folders import user_cache

if TYPE_CHECKING:
    from torch import Tensor

# Of the name of a clip in the name of its cached array; the digest beside it tells clips apart.
LONGEST_NAME = 120
# Of the name of a folder; disks allow 255.
LONGEST_FOLDER = 200
# Of both on Windows, where a path may have 260 characters in all unless its user has allowed more.
LONGEST_OF_WINDOWS = 50
DIGITS = 16
MOST_NAMED = 5


def default_cache() -> Path:
    """The default folder for cached inputs."""
    return user_cache() / "inputs"


def without_labels(clip: Clip) -> Clip:
    """The clip as inputs see it: what annotators say about it is blank, since it may be a clip of the test."""
    return replace(clip, emotion="", objective_class="", action_units="", note="")


def make_input(table: ClipTable, clip: Clip, recipe: Recipe) -> Float32Array:
    """The input of one clip, float32 with the shape of the recipe: the views of the recipe, the global view first.

    With crop=corrected it is not corrected yet, and a local view is still whole (see ``inputs.crop_correction``).
    Raises ClipError with the name of the clip if the recipe cannot be computed from its frames.
    """
    return input_of(clip, None if clip.holds_flow else table.frames(clip), recipe)


def input_of(clip: Clip, frames: Frames | None, recipe: Recipe) -> Float32Array:
    """The same for any frames, such as two images in memory; ``frames`` is None for a clip that holds stored flow."""
    clip = without_labels(clip)
    if frames is not None:
        with _mistakes_of(recipe, clip, "frames_needed"):
            seen = as_declared(frames, clip, recipe)
        clip, frames = with_apex(clip, frames, recipe), seen
    with _mistakes_of(recipe, clip, "extract"):
        whole = np.asarray(recipe.kind.extract(clip, frames, recipe), np.float32)
    _require_shape(whole, clip, recipe)
    if not np.isfinite(whole).all():
        raise ClipError(f"{clip.subject} {clip.name} ({clip.database}): {recipe} gives values that are not finite")
    if recipe.view == "global":
        return whole
    local = whole
    if recipe.crop == CROPS[0]:
        regions = regions_from_landmarks(landmarks_of(clip)) if recipe.outlines == "landmarks" else REGIONS
        with _mistakes_of(recipe, clip, "neutral"):
            local = local_view(whole, recipe, regions)
    return local if recipe.view == "local" else np.concatenate([whole, local], axis=-3)


def require_possible(table: ClipTable, recipe: Recipe, cache: Path | str | None = None) -> None:
    """Check before any work whether the inputs that are not cached yet can be made.

    Raises MerlabError for too little space on the disk, and for a package that the recipe needs and that is missing.
    """
    folder = _folder(recipe, cache)
    require_space(folder, len(table), math.prod(recipe.shape))
    if missing_entries(folder, len(table)) > 0 and not all(clip.holds_flow for clip in table):
        require_packages(recipe)


def require_packages(recipe: Recipe) -> None:
    """Raises MerlabError where a package is missing that a recipe of one of merlab's kinds needs."""
    if recipe.kind.is_built_in:
        require_installed(dict(recipe.options).get("algorithm", ""))


def load_inputs(
    table: ClipTable,
    recipe: Recipe,
    cache: Path | str | None = None,
    jobs: int | None = None,
    progress: Progress = silent,
    *,
    quiet: bool = False,
) -> Float32Array:
    """The inputs of all clips of the table, float32 (N, *recipe.shape); an input is read from the cache if it is there.

    ``cache`` None means the user's cache folder. ``jobs`` threads compute the clips in parallel (None: one per core;
    OpenCV releases the interpreter lock). The key of a cached array consists of the recipe, the versions of OpenCV and,
    for a video, of PyAV, the clip, the content of the files that the input depends on, and for your own kind of input
    its code and all that it can see of the clip. So a changed recipe, file or clip never gives an outdated array. A
    damaged entry is made anew, with a warning that names it. Blank frames give a warning, unless ``quiet`` (an earlier
    call gave it), and whole heads, unless the table has their stamp. Raises MerlabError as ``require_possible`` does,
    and DamagedFrameError, when all others are made, with the clips whose frames are damaged.
    """
    require_instance(table, ClipTable, "table", "merlab.load gives one")
    require_instance(recipe, Recipe, "recipe", "merlab.inputs.parse_recipe('flow') makes one")
    jobs = as_jobs(jobs)
    warn_of_whole_heads(table, f"Mark every result from them {WHOLE_HEADS}. {ALIGN}", stacklevel=3)
    require_possible(table, recipe, cache)
    folder = _folder(recipe, cache)
    inputs = np.empty((len(table), *recipe.shape), np.float32)
    damaged: dict[int, DamagedFrameError] = {}
    blank: dict[int, BlankFrameError] = {}
    code = code_of(recipe)
    longest = LONGEST_OF_WINDOWS if sys.platform == "win32" else LONGEST_NAME

    def one(position: int) -> None:
        clip = without_labels(table.clips[position])
        path = folder / f"{_slug(clip.key)[:longest]}-{_key(clip, recipe, code)}.npy"
        try:
            inputs[position], fault = _cached_or_made(path, table, clip, recipe)
        except DamagedFrameError as error:
            damaged[position] = error
        else:
            if fault is not None:
                blank[position] = fault

    with one_thread(), ThreadPoolExecutor(jobs or usable_cores()) as pool:
        for done, _ in enumerate(pool.map(one, range(len(table))), start=1):
            progress(done, len(table), table.clips[done - 1].name)
    if damaged:
        raise DamagedFrameError(_named(table, damaged, "damaged"))
    if blank and not quiet:
        warnings.warn(f"an input does not show a face: {_named(table, blank, 'blank')}", stacklevel=2)
    return inputs


def _cached_or_made(
    path: Path, table: ClipTable, clip: Clip, recipe: Recipe
) -> tuple[Float32Array, BlankFrameError | None]:
    """The input of a clip, and the error of its first blank frame, whose number is kept with the input."""

    def made() -> tuple[Float32Array, str]:
        frames = None if clip.holds_flow else SoundFrames(table.frames(clip), clip.source)
        try:
            return input_of(clip, frames, recipe), ""
        except BlankFrameError as error:
            return make_input(table, clip, recipe), str(error.number)

    array, blank = stored_or_made(path, recipe.shape, made)
    return array, BlankFrameError(int(blank), clip.source) if blank else None


def _named(table: ClipTable, faults: Mapping[int, DamagedFrameError], what: str) -> str:
    """The clips whose frames are damaged, or blank, by their places in the table, with the fault of the first one."""
    first, *others = [f"{table.clips[place].subject} {table.clips[place].name}" for place in sorted(faults)]
    also = f"; frames of {counted(len(others), 'more clip')} are {what}: {first_of(others, MOST_NAMED)}"
    return (
        f"{first}: {faults[min(faults)]}{also if others else ''}; `merlab doctor` lists every {what} frame of a "
        "database; a clip can also be left out of its table"
    )


def mirror_of(recipe: Recipe) -> Callable[[Tensor], Tensor] | None:
    """A function that mirrors a batch (N, ..., C, H, W) of this recipe left to right, with its horizontal motion.

    None for an input that cannot be mirrored, such as a vector.
    """
    with naming_mistakes(f"input {recipe.kind.name}: mirror", not recipe.kind.is_built_in):
        terms = recipe.kind.mirror(recipe) if recipe.kind.mirror else None
        if terms is None:
            return None
        if [len(term) for term in terms] != [recipe.channels] * 2:
            raise MerlabError(
                f"input {recipe.kind.name}: mirror must give signs and offsets, each with one number for each of "
                f"{counted(recipe.channels, 'channel')}, got {terms!r}"
            )
        # Loading it takes seconds, and inputs are also computed for what trains no network.
        import torch

        sign, offset = (torch.tensor(list(term) * recipe.views).view(-1, 1, 1) for term in terms)

    def mirrored(batch: Tensor) -> Tensor:
        return batch.flip(-1) * sign.to(batch) + offset.to(batch)

    return mirrored


def _require_shape(view: Float32Array, clip: Clip, recipe: Recipe) -> None:
    """Raises ClipError if the global view of a clip has another shape than the recipe states."""
    shape = recipe.seen_by("global").shape
    if view.shape != shape:
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}): {recipe} gives an array of shape {view.shape}, but it "
            f"states {shape}; correct `channels`, `layout` or `extract` of this kind of input"
        )


def _key(clip: Clip, recipe: Recipe, code: str) -> str:
    """A digest of all that decides an entry: its format, recipe, clip, content of its files, code, and libraries."""
    files = [clip.source]
    with _mistakes_of(recipe, clip, "frames_needed"):
        needed = declared_numbers(clip, recipe)
    with _mistakes_of(recipe, clip, "files"):
        further = recipe.kind.files(clip, recipe) if recipe.kind.files else []
    if clip.source.is_dir():
        folder = ImageFolder(clip.source)
        files = [folder.file(number) for number in needed if number in folder.names]
        files += [clip.source / RECORD] if recipe.outlines == "landmarks" and (clip.source / RECORD).exists() else []
    files += further
    try:
        contents = [(file.name, file_digest(file)) for file in files]
    except OSError as error:
        raise MerlabError(
            f"{clip.subject} {clip.name}: cannot read {clip.source}: {error.strerror or error}; copy the clip there "
            "again, or load the clips again"
        ) from error
    # The same files give another array where another of them is the apex. Your own kinds may use any field of a clip.
    moments = [clip.onset, clip.apex, clip.offset]
    seen = [] if recipe.kind.is_built_in else [{name: str(value) for name, value in asdict(clip).items()}]
    decoded_by = [] if clip.holds_flow or clip.source.is_dir() else [version("av")]
    what = [ENTRY_FORMAT, str(recipe), clip.key, moments, needed, contents, code, cv2.__version__, *seen, *decoded_by]
    identity = json.dumps(what)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _mistakes_of(recipe: Recipe, clip: Clip, function: str) -> AbstractContextManager[None]:
    """An error in a function of your own kind of input is a ClipError with the clip, the kind and the line."""
    step = f"{clip.subject} {clip.name} ({clip.database}): input {recipe.kind.name}: {function}"
    return naming_mistakes(step, not recipe.kind.is_built_in, ClipError)


def code_of(recipe: Recipe) -> str:
    """The fingerprint of the code of your own kind of input; empty for merlab's kinds, which have a version."""
    kind = recipe.kind
    return "" if kind.is_built_in else fingerprint((kind.extract, kind.neutral, kind.channels))


def _folder(recipe: Recipe, cache: Path | str | None) -> Path:
    """Where the inputs of a recipe are cached; where its name is too long for a folder, a digest tells it apart."""
    name, longest = _slug(str(recipe)), LONGEST_OF_WINDOWS if sys.platform == "win32" else LONGEST_FOLDER
    if len(name) > longest:
        name = f"{name[: longest - DIGITS - 1]}-{hashlib.sha256(str(recipe).encode()).hexdigest()[:DIGITS]}"
    return (default_cache() if cache is None else as_path(cache, "cache")) / name


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._=-]+", "_", text)

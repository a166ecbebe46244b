"""The released optical flow of CausalNet: the clips of ``ststnet-flow`` in another crop, four images for each clip.

Format: ``<root>/STSNet_whole_norm_u_v_os/<subject>_<clip>{,_1,_2,_3} .png`` (with a space before the suffix), 28 x 28
px. The images are the flow from onset to apex (no suffix) and from apex to offset (``_1``), both RGB = u, v, optical
strain with each channel stretched to 0..255, and the direction of either flow as a hue (``_2``, ``_3``): red and green,
while blue is 0 everywhere (the repository does not say so; measured on the 309 clips of CASME II and SMIC). The flow is
TV-L1, computed on another crop of the face than STSTNet's images.

Labels: the images have none. They are those of the same clips in the layout of STSTNet, in a folder inside the root
(``three_norm_u_v_os`` in the repository) or beside it. So each clip has the database, subject, name and emotion that it
has in ``ststnet-flow``, and the image of that release can be used together with these (input ``released-flow``).

Source: tony19980810/CausalNet on GitHub, MIT license. The images are derived from licensed databases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from merlab.clips import Clip, ClipTable, Finding
from merlab.databases import ststnet_flow
from merlab.databases.coded.folders import entries
from merlab.databases.database import Database, Examination
from merlab.databases.ststnet_flow import TEST_FOLDER, image_fault, png_files
from merlab.errors import MerlabError
from merlab.frames import ClipError
from merlab.given import require_folder
from merlab.progress import Progress, silent
from merlab.spelling import counted

# The folder of the images, below the folder ``datasets`` of the repository, and the folder of its labels.
IMAGES_FOLDER = "STSNet_whole_norm_u_v_os"
LABELS_FOLDER = "three_norm_u_v_os"
# Image of a clip -> what its file name has after the clip's name.
SUFFIXES = {"out": "", "back": "_1", "out-direction": "_2", "back-direction": "_3"}
REMEDY = "copy the images of the clip again from the release"


def examine(root: Path, deep: bool, progress: Progress) -> Examination:
    """Join the images with the labels; ``deep`` also decodes every image.

    Raises MerlabError if ``root`` has no images of this layout, or if no labels are found.
    """
    folder = _images_in(root)
    # The folders may have changed since another examination.
    labels_for.cache_clear()
    labels = labels_for(folder)
    labeled = ststnet_flow.examine(labels, False, silent)
    files, repeated = _by_stem(folder)
    clips: list[Clip] = []
    findings = list(labeled.findings)
    for done, clip in enumerate(labeled.clips, start=1):
        fault = _repeated(clip, repeated) or _missing(clip, files) or (_damaged(clip, files) if deep else None)
        if fault:
            findings.append(fault)
        else:
            clips.append(replace(clip, source=files[clip.name]))
        progress(done, len(labeled.clips), clip.name)
    findings += _without_label(files, [clip.name for clip in labeled.clips], labels)
    databases = Counter(clip.database for clip in clips)
    facts = {
        "layout": f"{folder.name}/<subject>_<clip>{{,_1,_2,_3}}.png",
        "labels": str(labels),
        "clips": ", ".join(f"{name} {count}" for name, count in sorted(databases.items())) or "none",
        "subjects": str(len({clip.group for clip in clips})),
        "flow": "as released by its authors (TV-L1), 28x28, u v strain, each channel stretched separately; four images",
    }
    return Examination(ClipTable(tuple(clips)), tuple(findings), facts)


def image_of(clip: Clip, image: str) -> Path:
    """The file of one image of a clip of this database: a name in ``SUFFIXES``, or ``ststnet`` for STSTNet's image.

    A clip of ``ststnet-flow`` has the latter only. Raises ClipError for a clip without this image, and if the file does
    not exist.
    """
    of_ststnet = clip.source.parent.parent.name == TEST_FOLDER
    if of_ststnet and image == "ststnet":
        return clip.source
    if of_ststnet or not any(_beside(clip, other).is_file() for other in ("back", "out-direction", "back-direction")):
        raise ClipError(
            f"{clip.subject} {clip.name} ({clip.database}) is not a clip of causalnet-flow, so it has no image "
            f"{image!r}; load the clips with the database causalnet-flow"
        )
    path = _ststnet_image(clip) if image == "ststnet" else _beside(clip, image)
    if not path.is_file():
        raise ClipError(f"{clip.subject} {clip.name} ({clip.database}): {path} does not exist; {REMEDY}")
    return path


def _beside(clip: Clip, image: str) -> Path:
    """The file of another image of the clip: all have the same space before the suffix."""
    return clip.source.with_name(f"{clip.name}{SUFFIXES[image]}{clip.source.name.removeprefix(clip.name)}")


def _ststnet_image(clip: Clip) -> Path:
    folder = labels_for(clip.source.parent) / clip.subject / TEST_FOLDER
    found = [path for of_class in entries(folder) for path in png_files(of_class) if path.stem.rstrip() == clip.name]
    return found[0] if found else folder / f"{clip.name} .png"


def _images_in(root: Path) -> Path:
    """The folder of the images: the one of the release inside ``root``, or ``root`` itself."""
    require_folder(root, f"give the folder that holds {IMAGES_FOLDER}")
    for folder in (root / IMAGES_FOLDER, root):
        if any(path.stem.rstrip().endswith(SUFFIXES["back"]) for path in png_files(folder)):
            return folder
    raise MerlabError(
        f"{root} has no images <subject>_<clip> .png with the suffixes _1, _2, _3; give the folder that holds "
        f"{IMAGES_FOLDER} (datasets in the CausalNet repository)"
    )


@lru_cache
def labels_for(images: Path) -> Path:
    """The folder in STSTNet's layout that names the most clips of the folder ``images``: beside it, or one level up.

    Raises MerlabError if there is none, and if two of them give clips other labels.
    """
    beside = [images.parent, images.parent.parent] if images.name == IMAGES_FOLDER else [images, images.parent]
    candidates = [folder for place in beside for folder in _in_ststnet_layout(place)]
    if not candidates:
        raise MerlabError(
            f"{images} has no labels of its own, and no folder beside it or beside {images.parent} has STSTNet's "
            f"layout <subject>/{TEST_FOLDER}/<class>; copy {LABELS_FOLDER} of the CausalNet repository, or the flow of "
            "the STSTNet or HTNet release, there"
        )
    names = {path.stem.rstrip() for path in png_files(images)}
    labels = {folder: {label for label in _labels_in(folder) if label[0] in names} for folder in candidates}
    most = max(map(len, labels.values()))
    first, *others = (folder for folder in candidates if len(labels[folder]) == most)
    for other in others:
        if labels[other] != labels[first]:
            raise MerlabError(
                f"{first} and {other} give clips of {images} other labels; move the wrong folder elsewhere"
            )
    return first


def _in_ststnet_layout(place: Path) -> Iterator[Path]:
    for folder in entries(place):
        if folder.is_dir() and next(folder.glob(f"*/{TEST_FOLDER}"), None):
            yield folder


def _labels_in(labels: Path) -> set[tuple[str, str]]:
    """The names of the images in a folder of STSTNet's layout, each with its class."""
    classes = labels.glob(f"*/{TEST_FOLDER}/*")
    return {(path.stem.rstrip(), of_class.name) for of_class in classes for path in png_files(of_class)}


def _by_stem(folder: Path) -> tuple[dict[str, Path], set[str]]:
    """The images of a folder by their name without the space before the suffix, and names that several have."""
    files: dict[str, list[Path]] = defaultdict(list)
    for path in png_files(folder):
        files[path.stem.rstrip()].append(path)
    return {stem: paths[0] for stem, paths in files.items()}, {stem for stem, paths in files.items() if len(paths) > 1}


def _repeated(clip: Clip, repeated: set[str]) -> Finding | None:
    several = [clip.name + suffix for suffix in SUFFIXES.values() if clip.name + suffix in repeated]
    if not several:
        return None
    found, remedy = f"two images of the name {', '.join(several)}", "remove those that are not of the release"
    return Finding("unusable", f"{clip.subject} {clip.name}", "four images of the clip", found, remedy)


def _missing(clip: Clip, files: dict[str, Path]) -> Finding | None:
    absent = [f"{clip.name}{suffix} .png" for suffix in SUFFIXES.values() if clip.name + suffix not in files]
    if not absent:
        return None
    found = "none" if len(absent) == len(SUFFIXES) else f"no {', '.join(absent)}"
    return Finding("unusable", f"{clip.subject} {clip.name}", "four images of the clip", found, REMEDY)


def _damaged(clip: Clip, files: dict[str, Path]) -> Finding | None:
    where = f"{clip.subject} {clip.name}"
    faults = (image_fault(files[clip.name + suffix], where) for suffix in SUFFIXES.values())
    return next((fault for fault in faults if fault), None)


def _without_label(files: dict[str, Path], names: Sequence[str], labels: Path) -> Iterator[Finding]:
    """One finding for each subject with images that belong to no labeled clip."""
    known = {name + suffix for name in names for suffix in SUFFIXES.values()}
    left = Counter(stem.partition("_")[0] for stem in files if stem not in known)
    remedy = f"nothing is read from them; complete the labels in {labels}"
    for subject, count in sorted(left.items()):
        yield Finding(
            "differs", subject, "images of labeled clips", f"{counted(count, 'image')} without a label", remedy
        )


CAUSALNET_FLOW = Database(
    name="causalnet-flow",
    title="released 28x28 optical flow of the clips of ststnet-flow in another crop, four images each (CausalNet)",
    access="public, in the repository tony19980810/CausalNet (MIT license); derived from licensed databases, so do not "
    "redistribute it. Labels: STSTNet's layout beside it",
    examine=examine,
)

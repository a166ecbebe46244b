"""Synthetic faces that several test folders share; the first worker that needs them makes them, once per session."""

from __future__ import annotations

import gc
import os
import pickle
import re
from collections.abc import Callable, Generator, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import settings

from merlab.vocabulary import SynthesisPreset

if TYPE_CHECKING:
    # The process that hands out the tests imports this file before any other begins; it makes no faces.
    from selenium.webdriver import Chrome

    from merlab.frames import Image
    from merlab.protocols import Labeled
    from tests.synthetic_heads import Head

# Where readline is imported, as in the process that starts the test processes, the size of the terminal is set in their
# environment, and a console takes the size that is set when it is made. Each test sets its own.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

# No deadline: on a busy machine, a correct property would fail because it is slow.
settings.register_profile("merlab", deadline=None)
settings.load_profile("merlab")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """To run slow tests alone, files without any need not be imported."""
    alone = config.option.markexpr == "slow" and collection_path.name.startswith("test_")
    return True if alone and ".slow" not in collection_path.read_text(encoding="utf-8") else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing becomes garbage while thousands of tests are collected, and later none of them: it is not searched.

    All other objects are searched seldom: the libraries make hundreds of thousands, and few become garbage.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


# The numbers of the folders that the tests of this process are given.
FOLDERS = count()

# Of six subjects. A network must learn from the easy ones.
CLIPS: dict[SynthesisPreset, int] = {"easy": 72, "default": 36, "null": 36}


@pytest.fixture(scope="session", autouse=True)
def kept_faces() -> Iterator[None]:
    """Each process of the tests paints a face, finds the faces in a picture and measures a movement once."""
    from tests.detected_faces import keep_detected_faces
    from tests.kept_movement import keep_movements
    from tests.painted_faces import keep_painted_faces

    with pytest.MonkeyPatch.context() as patch:
        keep_painted_faces(patch)
        keep_detected_faces(patch)
        keep_movements(patch)
        yield


@pytest.fixture
def tmp_path(request, tmp_path_factory) -> Path:
    """An empty folder of this test alone. For the number of each, pytest's own reads the names of all before it."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = Path(tmp_path_factory.getbasetemp() / f"{name}_{next(FOLDERS)}")
    folder.mkdir(0o700)
    return folder


@pytest.fixture
def prepared_processes(monkeypatch) -> None:
    """Worker processes of merlab that this process starts are prepared (see ``tests.prepared_processes``)."""
    from merlab.processes import pool, streams
    from tests.prepared_processes import prepare_processes

    prepare_processes(monkeypatch, pool, streams)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id) -> Path:
    """A folder of this session that all test processes share."""
    own = tmp_path_factory.getbasetemp()
    return Path(own if worker_id == "master" else own.parent)


@pytest.fixture(scope="session")
def once(shared_folder) -> Callable[[str, Callable[[], Any]], Any]:
    """``once(name, make)``: the result of ``make``, which one worker computes and all workers read."""

    def made(name: str, make: Callable[[], Any]) -> Any:
        path = shared_folder / f"{name}.pickle"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(pickle.dumps(make()))
        return pickle.loads(path.read_bytes())

    return made


@pytest.fixture(scope="session")
def eight_heads(once) -> list[Head]:
    """Eight synthetic heads, 640 x 480: (frame, name of a landmark -> (x, y))."""
    from tests.synthetic_heads import synthetic_head

    return list(once("eight-heads", lambda: [synthetic_head(subject) for subject in range(4, 12)]))


@pytest.fixture(scope="session")
def heads(shared_folder) -> list[Image]:
    """Four frames (480, 640, 3) of a synthetic head, from onset to apex."""
    import numpy as np

    from merlab.synthesis import CAMERA, PRESETS, make_renderer, plan_clip

    path = shared_folder / "heads.npy"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            preset = PRESETS["default"]
            renderer = make_renderer(0, 0, preset, CAMERA)
            plan = plan_clip(renderer.identity, 0, "happiness", preset)
            onset, apex = plan.timing.onset, plan.timing.apex
            np.save(path, [renderer.frame(plan, onset + step * (apex - onset) // 3) for step in range(4)])
    return list(np.load(path))


@pytest.fixture(scope="session")
def synthetic_recording(shared_folder) -> Path:
    """A folder of one long recording, of four seconds with one event, which is only read; rendering it takes 2 s."""
    from merlab.synthesis import make_videos

    root = shared_folder / "synthetic-recording"
    with FileLock(f"{root}.lock"):
        # Fewer frames cannot hold an event.
        return make_videos(root, subjects=1, minutes=4 / 60, events=15, seed=0, jobs=1)


@pytest.fixture(scope="session")
def synthetic_faces(shared_folder) -> Callable[[SynthesisPreset], Path]:
    """A function from the name of a preset to a tree of cropped clips of 6 subjects; takes about .2 s per clip.

    Movements of the preset ``default`` have their usual length, all others are brief.
    """
    from merlab.synthesis import make_faces
    from tests.helpers import move_briefly

    # To check a whole tree that was made takes .2 s.
    @cache
    def tree(preset: SynthesisPreset) -> Path:
        root = shared_folder / f"synthetic-{preset}"
        with FileLock(f"{root}.lock"), pytest.MonkeyPatch.context() as patch:
            if preset != "default":
                move_briefly(patch)
            return make_faces(root, subjects=6, clips=CLIPS[preset], preset=preset, seed=0, jobs=1)

    return tree


@pytest.fixture(scope="session")
def labeled_faces(synthetic_faces) -> Callable[[SynthesisPreset], Labeled]:
    """The same clips with the five labels of ``casme2-5``."""
    from merlab.databases import load
    from merlab.protocols import label_clips
    from merlab.schemes import find_scheme

    @cache
    def labeled(preset: SynthesisPreset) -> Labeled:
        return label_clips(load("synthetic", synthetic_faces(preset)), find_scheme("casme2-5"))

    return labeled


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Chrome]:
    """A browser, which all tests of a file share."""
    from tests.serving.browser import open_browser

    browser = open_browser(tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.quit()

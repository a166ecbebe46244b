"""merlab: micro-expression recognition from face video to honest numbers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from merlab.loading import without_drawing
from merlab.version import __version__ as __version__

if TYPE_CHECKING:
    from merlab.api import evaluate
    from merlab.clips import Clip, ClipTable
    from merlab.coding.agreement.agree import agree
    from merlab.databases import load
    from merlab.errors import MerlabError
    from merlab.evaluation.predictions_score import score
    from merlab.evaluation.study import MethodSetup, Study
    from merlab.inference.cost import profile
    from merlab.methods.method import Method, Preset, Task
    from merlab.models.export import export_recognizer
    from merlab.models.pretraining import pretrain
    from merlab.models.recognizer import load_recognizer
    from merlab.preparation.database_faces import prepare
    from merlab.preparation.video_faces import align
    from merlab.registry import ListedModule
    from merlab.reports.results import Results
    from merlab.schemes import Scheme
    from merlab.spotting.comparison.evaluation import compare_spotting
    from merlab.spotting.comparison.recording import Recording
    from merlab.spotting.scoring import score_spotting
    from merlab.spotting.spot_video import spot
    from merlab.synthesis import make_faces, make_flow, make_videos
    from merlab.training import TrainingSettings
    from merlab.videos.recognition import recognize, recognize_each
    from merlab.videos.result import VideoResult

    # Each is a module that gives its table when it is called: merlab.methods().
    databases: ListedModule
    methods: ListedModule
    inputs: ListedModule
    schemes: ListedModule


__all__ = [  # noqa: RUF022 - in the order in which a newcomer meets them
    "load",
    "evaluate",
    "recognize",
    "recognize_each",
    "spot",
    "agree",
    "databases",
    "methods",
    "inputs",
    "schemes",
    "score",
    "score_spotting",
    "compare_spotting",
    "prepare",
    "align",
    "pretrain",
    "load_recognizer",
    "export_recognizer",
    "make_faces",
    "make_flow",
    "make_videos",
    "profile",
    "Clip",
    "ClipTable",
    "Method",
    "Preset",
    "TrainingSettings",
    "Task",
    "Recording",
    "Scheme",
    "Study",
    "MethodSetup",
    "Results",
    "VideoResult",
    "MerlabError",
]
_WHERE = {
    "load": "merlab.databases",
    "evaluate": "merlab.api",
    **dict.fromkeys(("recognize", "recognize_each"), "merlab.videos.recognition"),
    "spot": "merlab.spotting.spot_video",
    "agree": "merlab.coding.agreement.agree",
    "score": "merlab.evaluation.predictions_score",
    "score_spotting": "merlab.spotting.scoring",
    "compare_spotting": "merlab.spotting.comparison.evaluation",
    "Recording": "merlab.spotting.comparison.recording",
    "prepare": "merlab.preparation.database_faces",
    "align": "merlab.preparation.video_faces",
    "pretrain": "merlab.models.pretraining",
    "load_recognizer": "merlab.models.recognizer",
    "export_recognizer": "merlab.models.export",
    **dict.fromkeys(("make_faces", "make_flow", "make_videos"), "merlab.synthesis"),
    "profile": "merlab.inference.cost",
    **dict.fromkeys(("Clip", "ClipTable"), "merlab.clips"),
    **dict.fromkeys(("Method", "Preset", "Task"), "merlab.methods.method"),
    **dict.fromkeys(("Study", "MethodSetup"), "merlab.evaluation.study"),
    "TrainingSettings": "merlab.training",
    "Scheme": "merlab.schemes",
    "Results": "merlab.reports.results",
    "VideoResult": "merlab.videos.result",
    "MerlabError": "merlab.errors",
}
_LISTINGS = ("databases", "methods", "inputs", "schemes")


def __getattr__(name: str) -> Any:
    # torch and OpenCV take seconds to load, so each name is loaded when it is first used.
    if name in _WHERE or name in _LISTINGS:
        where = _WHERE.get(name, f"merlab.{name}")
        with without_drawing(where):
            module = import_module(where)
        return module if name in _LISTINGS else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""What training used beside the clips of the run, and which classes it lacked, in words."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from merlab.evaluation.run_record import DataFacts, FittedFacts, MethodFacts
from merlab.spelling import counted
from merlab.stamps import SYNTHETIC

DIGITS = 12
SHARES = {Fraction(1, 2): "half", Fraction(1, 3): "a third", Fraction(1, 4): "a quarter"}


def material_text(method: MethodFacts) -> str:
    """Weights that a method started from, and synthetic clips in its training; empty for a method that used neither.

    Files and folders have their names without those of the machine.
    """
    return "; ".join(filter(None, (_starts_text(method), _synthetic_text(method))))


def material_lines(methods: Iterable[MethodFacts]) -> list[str]:
    """One line for each method that used anything: ``flow-cnn starts from ...``."""
    return [f"{method.method}: {text}" for method in methods if (text := material_text(method))]


def untrained_text(data: DataFacts) -> str:
    """The test clips of a class that no training clip of their fold has, in a sentence; empty where there are none."""
    if not data.untrained:
        return ""
    classes = ", ".join(f"{name} {count}" for name, count in data.untrained.items())
    are = "is" if (number := sum(data.untrained.values())) == 1 else "are"
    return (
        f"{counted(number, 'test clip')} {are} of a class that no training clip of the same fold has ({classes}): what "
        "learns from these clips alone cannot recognize the class there."
    )


def _starts_text(method: MethodFacts) -> str:
    if not method.starts:
        return ""
    files = ", ".join(f"{name} (sha256 {sha256[:DIGITS]})" for sha256, name in method.start_files.items())
    databases = sorted({name for start in method.starts for name in start.databases})
    trained = f"starts from {files}, trained on {', '.join(databases) or f'{SYNTHETIC} faces only'}"
    fitted = dict.fromkeys(_fitted_text(start.fitted) for start in method.starts if start.fitted)
    return ", ".join([trained, *fitted])


def _fitted_text(fitted: FittedFacts) -> str:
    """How much of a published network was taken."""
    return (
        f"{fitted.layout}, tensors taken: {fitted.taken}, adapted: {len(fitted.adapted)}, layers of the file left out: "
        f"{len(fitted.left_out)}, random layers of the network: {len(fitted.random)}"
    )


def _synthetic_text(method: MethodFacts) -> str:
    flow = method.synthetic
    if flow is None:
        return ""
    share = (method.settings or {}).get("synthetic_share", 0)
    how = f"{_share_text(share)} of each batch synthetic" if share else "synthetic clips among the training clips"
    subjects, clips = counted(flow.subjects, "subject"), counted(flow.clips, "clip")
    return f"{how}: {flow.name} ({subjects}, {clips}, digest {flow.digest[:DIGITS]})"


def _share_text(share: float) -> str:
    return SHARES.get(Fraction(share).limit_denominator(100), f"{100 * share:.3g} %")

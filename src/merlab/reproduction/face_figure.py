"""Figure 3: a face detected in a camera frame, cropped, and aligned."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlab.faces.alignment import ClipAlignment
from merlab.frames import Image, read_image
from merlab.given import require_file
from merlab.preparation.sheets import draw_detection
from merlab.reports.figures import stamp_across, stamped_figure
from merlab.reproduction.bench import Bench
from merlab.synthesis import make_faces

GAP = 0.08


def figure_3(bench: Bench) -> Figure:
    """The bench's image, else a SYNTHETIC camera frame: with the detection marked, cropped, and aligned."""
    frame, stamps = _camera_frame(bench)
    stamps = [*stamps, *bench.finding.stamps]
    alignment = ClipAlignment(frame, bench.finding.open())
    face = alignment.onset.face
    height, width = frame.shape[:2]
    left, top = max(round(face.left), 0), max(round(face.top), 0)
    crop = frame[top : min(round(face.bottom), height), left : min(round(face.right), width)]
    figure, axes = stamped_figure(9.0, 4.0, stamps)
    marked = draw_detection(frame, alignment.onset, alignment.regions, alignment.transform)
    place = _panel(axes, marked, 0.0, f"{bench.finding.detector}, confidence {face.confidence:.2f}")
    place = _panel(axes, crop, place, "crop")
    aligned = alignment.align(frame).image
    place = _panel(axes, aligned, place, f"aligned, {aligned.shape[1]}×{aligned.shape[0]}")
    axes.set_xlim(0, place - GAP)
    axes.set_ylim(-0.1, 1)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title("Figure 3: face detection, cropping and alignment", fontsize=11)
    stamp_across(figure, axes, stamps)
    return figure


def _camera_frame(bench: Bench) -> tuple[Image, list[str]]:
    """A BGR frame, and its stamps."""
    if bench.image is not None:
        require_file(bench.image, "give the path of a picture")
        return read_image(bench.image), []
    tree = bench.out / "camera"
    make_faces(tree, subjects=1, clips=1, raw=True, jobs=1, progress=bench.progress)
    frames = (tree / "CASME2-RAW").rglob("img*.jpg")
    return read_image(min(frames, key=lambda path: int(path.stem.removeprefix("img")))), ["SYNTHETIC"]


def _panel(axes: Axes, image: Image, left: float, text: str) -> float:
    """Draw an image of height 1 with its left edge at ``left``, its text below; gives the left edge of the next."""
    width = float(image.shape[1] / image.shape[0])
    axes.imshow(image[..., ::-1], extent=(left, left + width, 0, 1))
    axes.text(left + width / 2, -0.05, text, ha="center", va="center", fontsize=9)
    return left + width + GAP

"""A figure of a clip: its key frames, and the movement from onset to apex."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlab.frames import Frames, Image, read_image
from merlab.notebook_figure import NotebookFigure
from merlab.optical_flow import dis, flow_colors

PANEL_INCHES = 2.6
LEAST_FULL_COLOR = 0.1
STORED_CHANNELS = ("u, to the right", "v, downwards", "optical strain")


def key_frames_figure(frames: Frames, moments: Mapping[str, int], title: str) -> Figure:
    """The frames at these moments, and the optical flow (DIS) from ``onset`` to ``apex`` where both are known.

    The hue of the flow is its direction; its full saturation is the 99th percentile of its length, which is stated in
    pixels of the frame.
    """
    images = {name: frames.read(number) for name, number in moments.items()}
    pictures = {f"{name}, frame {moments[name]}": image for name, image in images.items()}
    if {"onset", "apex"} <= set(images):
        flow = dis(_gray(images["onset"]), _gray(images["apex"]))
        full = max(float(np.percentile(np.hypot(flow[..., 0], flow[..., 1]), 99)), LEAST_FULL_COLOR)
        pictures[f"flow, full color {full:.2g} px"] = flow_colors(flow, full)
    return _side_by_side({name: picture[..., ::-1] for name, picture in pictures.items()}, title)


def stored_flow_figure(path: Path, title: str) -> Figure:
    """The three channels of a stored flow image, R = u, G = v, B = strain, each as it was stretched."""
    image = read_image(path)[..., ::-1]
    return _side_by_side({name: image[..., channel] for channel, name in enumerate(STORED_CHANNELS)}, title)


def _side_by_side(pictures: Mapping[str, Image], title: str) -> Figure:
    figure = NotebookFigure(figsize=(PANEL_INCHES * max(1, len(pictures)), PANEL_INCHES * 1.5), layout="constrained")
    axes = np.atleast_1d(np.asarray(figure.subplots(1, max(1, len(pictures))), dtype=object))
    for panel, (name, picture) in zip(axes, pictures.items(), strict=False):
        _show(panel, picture, name)
    figure.suptitle(title, fontsize=10)
    return figure


def _show(axes: Axes, picture: Image, name: str) -> None:
    axes.imshow(picture, cmap="gray" if picture.ndim == 2 else None)
    axes.set_title(name, fontsize=9)
    axes.set_axis_off()


def _gray(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)

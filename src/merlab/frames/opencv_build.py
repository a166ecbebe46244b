"""The build of OpenCV that Python loads: all its packages write into one folder, and the last one installed remains."""

from __future__ import annotations

import cv2

from merlab.errors import MerlabError

BUILDS = "opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless"


def require_opencv_4() -> None:
    """Raises MerlabError for another major version, and for what a removed build has left.

    pip does not notice either: what merlab requires is installed, and another package has replaced its files.
    """
    found = str(getattr(cv2, "__version__", ""))
    if not found.startswith("4."):
        state = f"is {found}" if found else "is incomplete"
        raise MerlabError(
            f"the installed OpenCV {state}, and merlab needs version 4: its builds share one folder, and another "
            f"one was installed or removed. Run: pip uninstall -y {BUILDS}; then: "
            'pip install "opencv-python-headless>=4.13,<5"'
        )

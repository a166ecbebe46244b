"""merlab: micro-expression recognition from face video to honest numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from merlab.videos.recognition import recognize

__all__ = ["__version__", "recognize"]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # torch and OpenCV take seconds to load; ``import merlab`` alone does not need them.
    if name == "recognize":
        from merlab.videos.recognition import recognize

        return recognize
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""merlab: micro-expression recognition from face video to honest numbers."""

__version__ = "0.1.0"

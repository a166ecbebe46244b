"""Engines: where units of work run. They differ only in the place: the predictions are the same, row for row."""

from merlab.evaluation.engines.engine import Engine, as_engine
from merlab.evaluation.engines.local import LocalEngine
from merlab.evaluation.engines.ray_cluster import RayEngine

__all__ = ["Engine", "LocalEngine", "RayEngine", "as_engine"]

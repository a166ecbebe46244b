"""The commands: parse, call one room, print."""

from merlab.cli import data, experiments, models, networks, reproduce, results, videos
from merlab.cli.app import app, main

__all__ = ["app", "data", "experiments", "main", "models", "networks", "reproduce", "results", "videos"]

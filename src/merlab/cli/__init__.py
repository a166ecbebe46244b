"""The commands: parse, call one package, print."""

from merlab.cli import (
    coding,
    databases,
    experiments,
    export,
    faces,
    lists,
    model_files,
    networks,
    reproduce,
    results,
    scores,
    serve,
    spotting,
    spotting_scores,
    synthetic,
    videos,
    weights,
)
from merlab.cli.app import app, flow_help, main

flow_help(app)

__all__ = [
    "app",
    "coding",
    "databases",
    "experiments",
    "export",
    "faces",
    "lists",
    "main",
    "model_files",
    "networks",
    "reproduce",
    "results",
    "scores",
    "serve",
    "spotting",
    "spotting_scores",
    "synthetic",
    "videos",
    "weights",
]

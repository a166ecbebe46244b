"""The words that options and settings choose from: each list is defined once, here.

Other packages implement these words, and the command line offers them. This module imports nothing of merlab, so that
``merlab --help`` does not load other modules.
"""

from __future__ import annotations

from typing import Literal, get_args

# How clips are divided into folds.
ProtocolName = Literal["loso", "kfold", "hold-out-database"]
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)

# Classes of movements by their action units alone (Davison et al. 2018).
OBJECTIVE_CLASSES = ("I", "II", "III", "IV", "V", "VI", "VII")

# Which epoch's weights are tested; best-epoch-on-test leaks, because it uses the labels of the test subjects.
Selection = Literal["fixed", "validation", "best-epoch-on-test"]

# Where the units of work (method, fold, seed) run.
EngineName = Literal["local", "ray"]

# What computes a network; auto is a rule that chooses one (see merlab.inference.runtimes).
RuntimeName = Literal["torch", "onnx", "openvino", "openvino-bf16"]
RuntimeChoice = Literal["auto", RuntimeName]
RUNTIME_CHOICES: tuple[RuntimeChoice, ...] = get_args(RuntimeChoice)

# The file that `merlab export` writes, and the arithmetic that it is meant for.
ExportFormat = Literal["onnx", "openvino"]
ExportPrecision = Literal["fp32", "bf16", "int8"]

# How faces are found, and where their landmarks come from.
DetectorName = Literal["yunet", "opencv-ssd"]
LandmarkSource = Literal["mesh", "five-points"]

# How the frames of a clip are aligned.
# onset: one transform for the whole clip, from its onset frame; the movement of the head stays visible.
# rigid: the movement of the head since the onset is removed; it is measured on skin that the muscles hardly move.
# landmarks: every frame is aligned by its own landmarks, so the jitter of the landmarks moves the faces.
HeadMotion = Literal["onset", "rigid", "landmarks"]
HEAD_MOTIONS: tuple[HeadMotion, ...] = get_args(HeadMotion)

# Why a movement in a video gets no class, in the order in which the reasons are listed.
WithheldReason = Literal[
    "probability too low",
    "no supporting action unit",
    "movement too large",
    "movement too long",
    "movement repeats",
    "part of a longer movement",
    "too few frames per second",
    "head moves more than the face",
    "face not upright",
    "face turned away",
    "face too small",
    "face cut off",
    "face covered or distorted",
]
WITHHELD_REASONS: tuple[WithheldReason, ...] = get_args(WithheldReason)

# Tables and figures of the paper that `merlab reproduce` makes.
TABLE_NAMES = ("table5", "table7", "table8", "leak")
FIGURE_NAMES = ("figure1", "figure2", "figure3", "figure4", "figure6")

# What the overlay of a recognized video is drawn on: its frames, or black with the landmarks of the faces.
OverlayKind = Literal["frames", "mesh", "none"]
OVERLAY_KINDS: tuple[OverlayKind, ...] = get_args(OverlayKind)

# The format of aligned frames.
ImageFormat = Literal["jpg", "png"]

# Strength of the movements and disturbances of synthetic faces, and the format of synthetic recordings.
SynthesisPreset = Literal["default", "easy", "hard", "null"]
# Recordings have one more preset, with everything that can be mistaken for a micro-expression.
RecordingPreset = Literal[SynthesisPreset, "conversation"]
RECORDING_PRESETS: tuple[RecordingPreset, ...] = get_args(RecordingPreset)
DistractionKind = Literal[
    "talking",
    "chewing",
    "hand",
    "turn",
    "nod",
    "glasses",
    "slow light",
    "sudden light",
    "second person",
    "cut",
]
DISTRACTION_KINDS: tuple[DistractionKind, ...] = get_args(DistractionKind)
# Frames per second of synthetic recordings.
RECORDING_RATES = (30, 60, 100, 200)
VideoFormat = Literal["avi", "mp4", "frames"]

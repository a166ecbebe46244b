"""The training of the presets ``reduced`` of several methods: short enough for a CPU."""

from __future__ import annotations

from merlab.training.settings import TrainingSettings

ONE_CYCLE = TrainingSettings(
    epochs=30,
    batch_size=16,
    optimizer="adamw",
    learning_rate=2e-3,
    weight_decay=0.01,
    schedule="one-cycle",
    class_weights="balanced",
    mirror=True,
    shift=2,
)

"""One run of ``gpu.py``: its device, size and time, what was measured so far, and the files of the results."""

from __future__ import annotations

import json
import re
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gpu_work import Clips, Scale, free

# After gpu_work, which makes merlab's modules importable without other libraries.
from merlab.training.accelerated import Acceleration  # isort: skip


@dataclass
class Bench:
    """The device, the size of everything, the time that is left, and what was measured so far.

    ``results`` is the content of the JSON file. ``ready`` names what other processes have compiled in advance.
    """

    device: torch.device
    scale: Scale
    end: float
    minutes: float
    compile: bool
    out: Path
    results: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    ready: set[str] = field(default_factory=set)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def clips(self) -> Clips:
        """The clips of the training; bfloat16 on a GPU, as merlab chooses there."""
        return Clips.random(self.scale, self.device, reduced=self.on_gpu)

    @property
    def on_gpu(self) -> bool:
        """Whether the device is a GPU with CUDA."""
        return self.device.type == "cuda"

    def left(self) -> float:
        """Seconds until the limit."""
        return self.end - time.monotonic()

    def part(self, share: float) -> float:
        """Seconds of this share of all minutes."""
        return share * 60 * self.minutes

    def share(self, share: float) -> float:
        """Seconds for one measurement: this share of all minutes, but not more than half of what is left.

        Small networks, which test this program, are measured as briefly as can be.
        """
        return 0.0 if self.scale.briefly else max(0.0, min(self.part(share), self.left() / 2))

    def say(self, line: str = "") -> None:
        """Print a line of the table at once, and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def graphs(self) -> Acceleration:
        """Clips on the device, and on a GPU also CUDA graphs."""
        return Acceleration(graphs=self.on_gpu)

    def compiled(self) -> Acceleration:
        """The same, compiled."""
        return Acceleration(graphs=self.on_gpu, compiled=True)

    def write(self) -> None:
        """Write what was measured so far, as JSON and as a plain table."""
        self.out.mkdir(parents=True, exist_ok=True)
        card = re.sub(r"[^a-z0-9]+", "-", self.results["machine"]["card"].lower()).strip("-")
        stem = self.out / f"gpu-{card}-{self.results['machine']['date'][:10]}"
        # The thread that ends the run at its limit writes too.
        with self._writing:
            stem.with_suffix(".json").write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")
            text = "\n".join(["```text", *self.lines, "```", ""])
            stem.with_suffix(".md").write_text(text, encoding="utf-8")


@contextmanager
def reported(bench: Bench, what: str) -> Iterator[None]:
    """A failure inside is reported and kept, and the next measurement begins; Ctrl-C ends the run."""
    free(bench.device)
    try:
        yield
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        bench.say(f"  {what}: failed: {reason[:300]} ({Path(last.filename).name}:{last.lineno})")
        bench.results.setdefault("failures", {})[what] = "".join(traceback.format_exception(error))[-4000:]
    free(bench.device)

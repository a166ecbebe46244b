"""Command lines that several tests use."""

from __future__ import annotations


def evaluate(flow, *methods, out="run", **options):
    given = {"scheme": "megc2019", "protocol": "loso", "seeds": 1, "jobs": 1, "out": out, **options}
    flags = [text for key, value in given.items() for text in (f"--{key.replace('_', '-')}", value)]
    return ["evaluate", *methods, "--database", "ststnet-flow", "--root", flow, *flags]

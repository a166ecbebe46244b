"""Evaluation: run a protocol over methods and seeds, store predictions, and compute metrics from them."""

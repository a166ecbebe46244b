"""Evaluation: run a protocol over methods and seeds, store predictions, and make honest numbers of them."""

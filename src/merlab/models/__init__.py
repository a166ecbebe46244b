"""Trained networks: the file, its card, calibration, training one to keep, export to other runtimes."""

"""Damaged inputs with a fixed seed: each is refused by name, read as before, or read differently with a word."""

"""Preparation: the frames of a database, or of anybody's camera, become aligned faces that the rest of merlab reads."""

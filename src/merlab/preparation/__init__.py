"""Preparation: the frames of a database, or of any video, become aligned faces that the rest of merlab reads."""

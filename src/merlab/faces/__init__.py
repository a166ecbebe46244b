"""Faces: the facial regions of the action units."""

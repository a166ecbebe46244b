"""Faces: found, followed, brought onto the paper's layout, and divided into the regions of the action units."""

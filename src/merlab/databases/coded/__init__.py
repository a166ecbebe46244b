"""Read databases that consist of a coding table and one folder of frames per clip.

A ``Release`` describes one such database; ``examine_release`` reads a copy of it and reports every difference.
"""

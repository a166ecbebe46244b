"""Databases that come as a coding table and one folder of frames a clip: what reading all of them has in common.

A ``Release`` states what is particular to one of them; ``examine_release`` reads a copy of it and names every
difference.
"""

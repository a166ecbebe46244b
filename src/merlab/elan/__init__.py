"""Annotation documents of ELAN (.eaf), read and written in one place."""

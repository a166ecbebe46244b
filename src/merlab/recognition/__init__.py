"""A stranger's video: find the movements in it."""

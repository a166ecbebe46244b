"""Decisions of coders about the movements that were found in a video: kept beside a result, exchanged, compared."""

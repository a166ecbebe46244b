"""The service: videos are uploaded, recognized in child processes, and shown on a page."""

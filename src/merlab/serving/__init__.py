"""The service: videos are sent, recognized in child processes, and looked at on a page of its own."""

"""The service: videos are sent, recognised in child processes, and looked at on a page of its own."""

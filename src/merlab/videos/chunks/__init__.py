"""A video is processed chunk by chunk: faces followed, movements spotted and described, chunks joined."""

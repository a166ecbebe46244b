"""Output folders: each belongs to one set of settings and one writer, and keeps what took long."""

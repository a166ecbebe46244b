"""What is left of a video: tables and their columns, report, annotated video, ELAN."""

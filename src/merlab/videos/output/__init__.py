"""The files of a result for people: report, annotated video, ELAN document."""

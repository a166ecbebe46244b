"""The data model: a clip, and a validated table of clips with the findings of its reader."""

from merlab.clips.clip import Clip
from merlab.clips.findings import Finding, Severity, Source, one_under_two_names
from merlab.clips.table import ClipTable

__all__ = ["Clip", "ClipTable", "Finding", "Severity", "Source", "one_under_two_names"]

"""The types of media files by their names: those that a machine knows differ, by its registry or /etc/mime.types."""

from __future__ import annotations

from pathlib import PurePath

UNKNOWN = "unknown"
VIDEO_TYPES = {
    **{".avi": "video/x-msvideo", ".mov": "video/quicktime", ".mkv": "video/x-matroska", ".webm": "video/webm"},
    **dict.fromkeys((".mp4", ".m4v"), "video/mp4"),
    **dict.fromkeys((".mpg", ".mpeg"), "video/mpeg"),
    **dict.fromkeys((".ts", ".mts", ".m2ts"), "video/mp2t"),
    **{".wmv": "video/x-ms-wmv", ".asf": "video/x-ms-asf", ".3gp": "video/3gpp", ".3g2": "video/3gpp2"},
    **{".ogv": "video/ogg", ".flv": "video/x-flv", ".mxf": "application/mxf", ".gif": "image/gif"},
}
SOUNDS = {
    *(".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff", ".aifc", ".au"),
    *(".snd", ".amr", ".ac3", ".mp2", ".mka", ".caf"),
}


def video_type(name: str) -> str:
    """The MIME type of a video, such as ``video/mp4``; UNKNOWN for another file."""
    return VIDEO_TYPES.get(PurePath(name).suffix.lower(), UNKNOWN)


def is_sound(name: str) -> bool:
    """Whether a file is a sound, by its suffix."""
    return PurePath(name).suffix.lower() in SOUNDS

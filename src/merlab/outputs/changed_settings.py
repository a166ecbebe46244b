"""Which settings of a stored result differ from those of a new request, in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# Settings of spotting that have no option of their own, and groups of them.
SPOTTING = {
    *("background", "weak", "window", "shortest", "longest", "pause", "repeats", "largest", "largest_brows"),
    *("likeness", "macro", "score"),
}
# Settings whose option has another name.
OPTIONS = {
    "video_format": "--format",
    "recipe": "--input",
    "clips_per_subject": "--clips",
    "part.first": "first frame (--frames)",
    "part.last": "last frame (--frames)",
    "name": "name of the file",
    "jpeg_quality": "quality of the JPEG files",
}
# Groups of settings that the user does not see as a group.
GROUPS = {"settings", "course", "part", "clips"}
STATE_OF_VIDEO = {"bytes", "modified_ns", "frames_promised"}
VIDEO_HAS_CHANGED = "the video has changed since"
MAY_HAVE_CHANGED = f"it does not state whether {VIDEO_HAS_CHANGED}"
# Of `merlab recognize`, as the page on it calls them.
OTHER_MARGIN = "the settings of spotting need another margin around each chunk (--spotting)"
# What a change of these is called, whatever they were.
WHOLE_TEXTS = {
    **dict.fromkeys(("chunk", "margin"), OTHER_MARGIN),
    "kept": "it was made by a merlab that kept faces in another way",
    "weights": "another weights file (--weights)",
    "code": "the code of the method has changed",
    "recordings": "the recordings, or their true events, have changed",
    "measured": "it was made by a merlab that measured movements in another way",
    "computed": "it was made by a merlab whose comparison methods computed in another way",
}
MODELS = {"models", "face_models"}
# Settings that a preset states, which have no option of their own.
OF_PRESET = {"preset_settings", "distractions"}
PRESET_HAS_CHANGED = "the settings of the preset have changed"
SHOWN_NAMES = {"face-mesh": "the face mesh"}
# Libraries whose versions merlab has not always stated: work that lacks them is continued.
STATED_LATER = {"pyav", "scipy"}


def changed_settings(stored: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    """One text per change from ``stored`` to ``wanted``, such as ``--floor 5.5 -> 4.25``; empty if all are the same.

    Settings that only ``stored`` has are not compared: an earlier request may have stated more.
    """
    texts: list[str] = []
    for name, value in wanted.items():
        if stored.get(name) == value:
            continue
        if name in MODELS:
            texts += _changed_models(_as_mapping(stored.get(name)), _as_mapping(value))
        elif name in OF_PRESET:
            texts.append(PRESET_HAS_CHANGED)
        else:
            texts += _changed(name, stored.get(name), value)
    if any(text.startswith("--preset ") for text in texts):
        texts = [text for text in texts if text != PRESET_HAS_CHANGED]
    if any(text.startswith("--fps ") for text in texts):
        # They are numbers of frames.
        texts = [text for text in texts if text != OTHER_MARGIN]
    if any("face mesh" in text for text in texts):
        texts = [text for text in texts if not text.startswith("--landmarks")]
    if any(text.startswith("--image ") for text in texts):
        texts = [text for text in texts if not text.startswith(OPTIONS["jpeg_quality"])]
    if any(text.startswith("it is of another") for text in texts):
        texts = [text for text in texts if text not in {VIDEO_HAS_CHANGED, MAY_HAVE_CHANGED}]
    if VIDEO_HAS_CHANGED in texts:
        texts = [text for text in texts if text != MAY_HAVE_CHANGED]
    return list(dict.fromkeys(texts))


def as_stated(stored: Mapping[str, object], wanted: Mapping[str, object]) -> Mapping[str, object]:
    """The ``wanted`` settings without the versions of libraries in STATED_LATER that ``stored`` does not state."""
    before, versions = _as_mapping(stored.get("versions")), _as_mapping(wanted.get("versions"))
    known = {name: each for name, each in versions.items() if name in before or name not in STATED_LATER}
    return {**wanted, "versions": known} if before and versions else wanted


def only_video_changed(stored: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    """Whether the content of the video differs, and nothing else but what it states: its frame rate."""
    changed = {name for name, value in wanted.items() if stored.get(name) != value}
    return bool(changed & STATE_OF_VIDEO) and changed <= {*STATE_OF_VIDEO, "fps"}


def _changed(name: str, was: object, now: object) -> Iterator[str]:
    """The texts of one setting, or of each one in a group."""
    if isinstance(now, Mapping):
        before = _as_mapping(was)
        for key in [*now, *(key for key in before if key not in now)]:
            if before.get(key) != now.get(key):
                yield from _changed(f"{name}.{key}", before.get(key), now.get(key))
    else:
        yield _text(name, was, now)


def _text(name: str, was: object, now: object) -> str:
    group, _, own = name.rpartition(".")
    if group == "versions" or name == "merlab":
        return _other_version(own, was, now)
    if own in STATE_OF_VIDEO:
        return MAY_HAVE_CHANGED if was is None else VIDEO_HAS_CHANGED
    if own in WHOLE_TEXTS:
        return WHOLE_TEXTS[own]
    if own == "sha256" or name == "clips.clips":
        return "the clips have changed"
    if own in {"source", "root"}:
        return f"it is of another {'database' if own == 'root' else 'source'}, {_shown(was)}"
    return f"{_option(name)} {_shown(was)} -> {_shown(now)}"


def _other_version(library: str, was: object, now: object) -> str:
    if was is None:
        return f"it does not state {library}, and {library} {now} is used now"
    if now is None:
        return f"it was made with {library} {was}, which is not used now"
    return f"it was made with {library} {was}, and this is {library} {now}"


def _option(name: str) -> str:
    """The option of a setting: ``settings.motion`` -> ``--motion``."""
    parts = name.split(".")
    if "words" in parts[:-1]:
        return f"--words {parts[-1]}"
    if parts[0] == "settings" and len(parts) > 2 and parts[1] not in SPOTTING:
        return f"setting {'.'.join(parts[1:])} of the preset"
    while len(parts) > 1 and parts[0] in GROUPS and name not in OPTIONS:
        parts = parts[1:]
    own = ".".join(parts)
    if parts[0] in SPOTTING:
        return f"--spotting {own}"
    if parts[0] == "labels":
        return f"class of the label {'.'.join(parts[1:])} (--scheme)"
    return OPTIONS.get(own, f"--{own.replace('_', '-')}")


def _changed_models(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    """The texts of the model files that find faces, from their digests by name."""
    for name in [*now, *(name for name in was if name not in now)]:
        shown = SHOWN_NAMES.get(name, name)
        if name not in was:
            yield f"{shown} was installed since" if name in SHOWN_NAMES else f"{shown} is used now"
        elif name not in now:
            yield f"{shown} is not used any more"
        elif was[name] != now[name]:
            yield f"another file of {shown}"


def _as_mapping(value: object) -> Mapping[str, object]:
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "not given"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    # Frame rates may differ in the seventh digit: 29.97 and 30000/1001.
    return f"{value:.10g}" if isinstance(value, float) else str(value)

"""Messages that name options of the command line, in the words of the page."""

from __future__ import annotations

import re

# The options that the settings of the page have too, by their labels there.
SETTINGS = {"--aligned": "Aligned faces", "--fps": "Frames per second", "--most-faces": "Faces"}
# What a user of the service does instead.
INSTEAD = {"use `merlab recognize` without": "send the video again without"}
OPTION = re.compile(rf"(?:{'|'.join(SETTINGS)})(?![\w-])")


def in_page_words(message: str) -> str:
    """A message of the library for a user of the page: ``give --fps`` -> ``give the setting “Frames per second”``."""
    for command, instead in INSTEAD.items():
        message = message.replace(command, instead)
    return OPTION.sub(lambda found: f"the setting “{SETTINGS[found[0]]}”", message)

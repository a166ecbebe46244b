"""The version, in one place, and how to install what is optional."""

from pathlib import Path

# Between two versions that are given out, that of the next one: what an earlier merlab wrote is known by it.
__version__ = "0.3.0.dev0"


def install_hint(extra: str) -> str:
    """The command that installs an extra; merlab is in no package index, so it is that of a checkout or of a wheel."""
    if Path(__file__).parents[2].joinpath("constraints.txt").is_file():
        # Of both quotes, every shell knows these; for that of Windows, the others are letters, and < and > mean files.
        return f'pip install -c constraints.txt -e ".[{extra}]" in the folder of merlab'
    return f'pip install "./merlab-{__version__}-py3-none-any.whl[{extra}]" in the folder of the wheel'

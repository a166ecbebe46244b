"""The version, in one place, and how to install what is optional."""

__version__ = "0.2.0"


def install_hint(extra: str) -> str:
    """The command that installs an extra; merlab is in no package index."""
    return f"pip install -c constraints.txt -e '.[{extra}]' in the folder of merlab"

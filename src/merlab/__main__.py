"""The command ``merlab``, also as ``python -m merlab``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is loaded ends it as it does later, without a traceback."""
    try:
        from merlab.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()

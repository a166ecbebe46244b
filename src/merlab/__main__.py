"""``python -m merlab`` is the command ``merlab``."""

from merlab.cli import main

main()

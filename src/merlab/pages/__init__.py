"""What every HTML page of merlab shares: its style, its stamps, its limits. A page needs nothing beside it."""

from __future__ import annotations

import jinja2


def page_environment(package: str) -> jinja2.Environment:
    """The templates of a package and the shared ones: all text is escaped, an unknown name is an error.

    Shared are page.css, ``stamped`` in parts.html.j2, and limits.html.j2.
    """
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("merlab.pages")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

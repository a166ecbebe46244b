"""What all HTML pages of merlab share: style, stamps, limits. A page is one file that needs no other files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


@cache
def page_environment(package: str) -> jinja2.Environment:
    """The templates of a package, and the shared ones; all text is escaped, and an unknown name is an error.

    Shared are page.css, the macros ``stamped`` and ``contents`` in parts.html.j2, limits.html.j2, and the filter
    ``counted``. One environment per package and process, so that the page of each further result does not compile the
    same templates again.
    """
    import jinja2

    from merlab.spelling import counted

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("merlab.pages")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["counted"] = counted
    return environment

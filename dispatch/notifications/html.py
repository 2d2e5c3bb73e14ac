"""Renders a notice as HTML: all values escaped, one link for each page, nothing that is loaded from elsewhere."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from dispatch.models.people.notification import Notice

_PAGES: Final = Environment(
    loader=PackageLoader("dispatch.notifications", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def as_html(notice: Notice) -> str:
    """Return a whole HTML document; it says what the plain text says."""
    return _PAGES.get_template("notice.html").render(notice=notice)

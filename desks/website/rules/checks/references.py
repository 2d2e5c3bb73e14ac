"""What a page refers to: images, scripts, styles, fonts, links; and where each stands in the site."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from desks.website.rules.page.document import Page

_MOST: Final = 2_000
_KINDS: Final = {
    "img": ("image", "src"),
    "source": ("media", "src"),
    "script": ("script", "src"),
    "link": ("", "href"),
    "video": ("media", "src"),
    "audio": ("media", "src"),
    "embed": ("media", "src"),
    "iframe": ("frame", "src"),
    "a": ("link", "href"),
    "area": ("link", "href"),
}
"""By element: what it refers to, and by which attribute."""
_CSS_URL: Final = re.compile(r"url\(\s*['\"]?([^'\")\s]{1,1000})['\"]?\s*\)")


class Reference(NamedTuple):
    """One address in a page: of what, where, and what the element says of it."""

    kind: str
    """'image', 'script', 'style', 'font', 'icon', 'media', 'frame' or 'link'."""
    address: str
    line: int
    attrs: dict[str, str]
    text: str = ""


class InSite(NamedTuple):
    """An address within the site: its path, decoded, and its fragment."""

    path: str
    fragment: str


def references_of(page: Page) -> tuple[Reference, ...]:
    """Return what a page refers to, in its order, at most 2,000."""
    found: list[Reference] = []
    for reference in _references(page):
        found.append(reference)
        if len(found) >= _MOST:
            break
    return tuple(found)


def _references(page: Page) -> Iterator[Reference]:
    for element in page.elements:
        attrs, line = element.attrs, page.line(element.start)
        kind, name = _KINDS.get(element.tag, ("", ""))
        if element.tag == "link":
            kind = _link_kind(attrs)
        if kind and name in attrs:
            yield Reference(kind, attrs[name], line, attrs)
        if element.tag in ("img", "source"):
            yield from (Reference("image", a, line, {}, "srcset") for a in _srcset(attrs.get("srcset", "")))


def _link_kind(attrs: dict[str, str]) -> str:
    rel = attrs.get("rel", "").lower().split()
    if "stylesheet" in rel:
        return "style"
    if "icon" in rel or "apple-touch-icon" in rel:
        return "icon"
    if "preload" in rel and attrs.get("as", "").lower() == "font":
        return "font"
    return ""


def _srcset(value: str) -> Iterator[str]:
    if not value or "data:" in value:
        return
    for part in value.split(","):
        address = part.strip().split(" ")[0]
        if address:
            yield address


def css_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses that a style sheet refers to, but for what it holds itself."""
    return tuple(a for a in _CSS_URL.findall(text[:1_000_000]) if not a.startswith(("data:", "#")))[:200]


def in_site(address: str, page_path: str, hosts: frozenset[str], base: str = "") -> InSite | None:
    """Return where an address of a page leads within the site; None for other sites, other schemes and what cannot be read.

    `page_path` is the page's own path in the site, such as 'shop/index.html'; `hosts` are the names under which the site is
    served; `base` is the page's <base href>.
    """
    try:
        parts = urlsplit(urljoin(urljoin(f"http://site.invalid/{page_path}", base), address.strip()))
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or (host != "site.invalid" and host not in hosts):
        return None
    path = unquote(parts.path).lstrip("/")
    return InSite(path, unquote(parts.fragment))


def host_of(address: str) -> str:
    """Return the host that an address names, in lower case; empty where it names none or cannot be read."""
    try:
        return (urlsplit(address.strip()).hostname or "").lower()
    except ValueError:
        return ""

"""Which page of a site a name means; two that fit are a question."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

INDEX: Final = "index.html"
_ENDINGS: Final = (".html", ".htm", ".xhtml")
_SAFE: Final = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]{1,300}")


class Named(NamedTuple):
    """What a page's name was found to be."""

    path: str = ""
    """The page's path in the site; empty where it is none, or not clear which."""
    candidates: tuple[str, ...] = ()
    url: str = ""
    """An address of another host, which is fetched where the playbook allows it."""


def is_page(path: str) -> bool:
    """Return whether a path is a page's by its ending."""
    return path.lower().endswith(_ENDINGS)


def safe_path(path: str) -> str:
    """Return a path inside the site, without a leading slash; empty for one that could lead elsewhere.

    Percent signs are decoded once, as web servers do; what then still climbs, is absolute or is encoded again is refused.
    """
    plain = unquote(path).replace("\\", "\0")
    if plain.startswith("//"):
        return ""
    plain = plain.lstrip("/")
    parts = plain.split("/")
    if not plain or not _SAFE.fullmatch(plain) or "%" in plain:
        return ""
    if any(part in ("", ".", "..") or part.startswith(".") for part in parts):
        return ""
    return plain


def page_named(named: str, pages: Iterable[str], hosts: frozenset[str]) -> Named:
    """Find a page by address, path, file name or the words people call it by."""
    known = tuple(sorted(pages))
    name = named.strip().split("#")[0]
    if re.match(r"https?://", name, re.IGNORECASE):
        try:
            parts = urlsplit(name)
            host = (parts.hostname or "").lower()
        except ValueError:
            return Named()
        if host not in hosts:
            return Named(url=name)
        name = parts.path or "/"
    if name == "/":
        return Named(INDEX) if INDEX in known else Named(candidates=known[:20])
    if "/" in name or is_page(name):
        return _by_path(name, known)
    return _by_words(name, known)


def _by_path(name: str, known: tuple[str, ...]) -> Named:
    ends_in_slash = name.endswith("/")
    path = safe_path(name.rstrip("/"))
    if not path:
        return Named()
    tries = (
        (f"{path}/{INDEX}",) if ends_in_slash else (path, f"{path}.html", f"{path}.htm", f"{path}/{INDEX}")
    )
    for one in tries:
        if one in known:
            return Named(one)
    same = [page for page in known if page.casefold() == path.casefold()]
    if len(same) == 1 and not name.startswith("/"):
        return Named(same[0])
    if not name.startswith("/"):
        ending = [page for page in known if page.casefold().endswith(f"/{path.casefold()}")]
        return (
            Named(ending[0]) if len(ending) == 1 else Named(candidates=tuple(ending) or _alike(path, known))
        )
    return Named(candidates=_alike(path, known))


def _by_words(name: str, known: tuple[str, ...]) -> Named:
    wanted = _plain(name)
    if wanted in ("home", "start", "front", "index", "landing", "homepage"):
        return Named(INDEX) if INDEX in known else Named()
    fitting = [page for page in known if wanted in (_plain(_stem(page)), _plain(page.removesuffix(".html")))]
    if len(fitting) == 1:
        return Named(fitting[0])
    return Named(candidates=tuple(fitting) or _alike(name, known))


def _stem(page: str) -> str:
    parts = page.split("/")
    name = parts[-2] if parts[-1] == INDEX and len(parts) > 1 else parts[-1]
    return name.rsplit(".", 1)[0]


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _alike(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    wanted = _plain(_stem(name) if is_page(name) else name)
    return tuple(
        page for page in known if wanted and (wanted in _plain(page) or _plain(_stem(page))[:5] == wanted[:5])
    )[:10]

"""What search engines and social networks read of a page: title, description, headings, canonical, robots, cards."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from desks.website.rules.change.places import Reader
from desks.website.rules.checks.problem import Problem
from desks.website.rules.checks.structured import structured_problems
from desks.website.rules.page.document import UNSEEN, Placed
from desks.website.rules.page.words import folded
from dispatch.models.work.severity import Severity

_LANGUAGE: Final = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*")
_CARD: Final = ("og:title", "og:type", "og:image", "og:url")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


class Heads(NamedTuple):
    """The title and the description of another page of the site."""

    title: str
    description: str


class SeoLimits(NamedTuple):
    """How long things may be, in characters."""

    title: int = 70
    description: int = 200


def heads_of(reader: Reader) -> Heads:
    """Return a page's title and description, each empty where it has none."""
    titles, metas = _titles(reader), _metas(reader, "description")
    return Heads(
        reader.text(titles[0]) if titles else "",
        folded(metas[0].attrs.get("content", "")) if metas else "",
    )


def seo_problems(reader: Reader, others: Mapping[str, Heads], limits: SeoLimits) -> tuple[Problem, ...]:
    """Return what is wrong; `others` holds the heads of the site's other pages by their paths."""
    return (
        *_heads(reader, others, limits),
        *_headings(reader),
        *_canonical(reader),
        *_robots(reader),
        *_language(reader),
        *_cards(reader),
        *_viewport(reader),
        *structured_problems(reader),
    )


def _titles(reader: Reader) -> list[Placed]:
    return [
        e
        for e in reader.page.elements
        if e.tag == "title"
        and all(a.tag not in ("svg", "body", "template") for a in reader.page.ancestors(e))
    ]


def _metas(reader: Reader, name: str) -> list[Placed]:
    return [
        e for e in reader.page.elements if e.tag == "meta" and e.attrs.get("name", "").strip().lower() == name
    ]


def _heads(reader: Reader, others: Mapping[str, Heads], limits: SeoLimits) -> Iterator[Problem]:
    own = heads_of(reader)
    titles, metas = _titles(reader), _metas(reader, "description")
    line = reader.page.line(titles[0].start) if titles else 1
    if not own.title:
        yield Problem("seo.title_missing", Severity.MAJOR, line, "the page has no title")
    elif len(own.title) > limits.title:
        text = f"the title has {len(own.title)} characters; search results show about {limits.title}"
        yield Problem("seo.title_long", Severity.MINOR, line, text)
    if len(titles) > 1:
        text = "the page has more than one title"
        yield Problem("seo.title_several", Severity.MAJOR, reader.page.line(titles[1].start), text)
    alike = sorted(
        p for p, head in others.items() if own.title and head.title.casefold() == own.title.casefold()
    )
    if alike:
        yield Problem("seo.title_duplicate", Severity.MINOR, line, f"{alike[0]} has the same title", alike[0])
    line = reader.page.line(metas[0].start) if metas else 1
    if not own.description:
        yield Problem("seo.description_missing", Severity.MINOR, line, "the page has no meta description")
    elif len(own.description) > limits.description:
        length, most = len(own.description), limits.description
        text = f"the meta description has {length} characters; search results show about {most}"
        yield Problem("seo.description_long", Severity.MINOR, line, text)
    if len(metas) > 1:
        text = "the page has more than one meta description"
        yield Problem("seo.description_several", Severity.MAJOR, reader.page.line(metas[1].start), text)
    told = own.description.casefold()
    alike = sorted(p for p, head in others.items() if told and head.description.casefold() == told)
    if alike:
        text = f"{alike[0]} has the same meta description"
        yield Problem("seo.description_duplicate", Severity.MINOR, line, text, alike[0])


def _headings(reader: Reader) -> Iterator[Problem]:
    shown = [
        e
        for e in reader.page.elements
        if e.tag in _HEADINGS and not any(a.tag in UNSEEN for a in reader.page.ancestors(e))
    ]
    first = [e for e in shown if e.tag == "h1"]
    if not first:
        yield Problem("seo.h1_missing", Severity.MAJOR, 1, "the page has no main heading (h1)")
    for element in first[1:]:
        text = f"a second main heading (h1): “{reader.text(element)[:60]}”"
        yield Problem("seo.h1_several", Severity.MINOR, reader.page.line(element.start), text)
    level = 0
    for element in shown:
        here = int(element.tag[1])
        if level and here > level + 1:
            text = f"“{reader.text(element)[:60]}” is h{here} after h{level}: a level is left out"
            key = f"h{level}-h{here}"
            yield Problem("seo.heading_order", Severity.MINOR, reader.page.line(element.start), text, key)
        level = here


def _canonical(reader: Reader) -> Iterator[Problem]:
    links = [
        e
        for e in reader.page.elements
        if e.tag == "link" and "canonical" in e.attrs.get("rel", "").lower().split()
    ]
    if len(links) > 1:
        text = "the page names more than one canonical address"
        yield Problem("seo.canonical_several", Severity.MAJOR, reader.page.line(links[1].start), text)
    for link in links:
        address = link.attrs.get("href", "").strip()
        try:
            parts = urlsplit(address)
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
            text = f"the canonical address “{address[:80]}” is no whole address without a fragment"
            yield Problem(
                "seo.canonical_invalid", Severity.MAJOR, reader.page.line(link.start), text, address
            )


def _robots(reader: Reader) -> Iterator[Problem]:
    for meta in _metas(reader, "robots"):
        words = {word.strip().lower() for word in meta.attrs.get("content", "").split(",")}
        if words & {"noindex", "none"}:
            text = "search engines are told to leave the page out (robots: noindex)"
            yield Problem("seo.robots_noindex", Severity.MAJOR, reader.page.line(meta.start), text)


def _language(reader: Reader) -> Iterator[Problem]:
    roots = [e for e in reader.page.elements if e.tag == "html"]
    language = roots[0].attrs.get("lang", "").strip() if roots else ""
    if not language:
        text = "the page does not say its language (html lang)"
        yield Problem("seo.language_missing", Severity.MINOR, 1, text)
    elif not _LANGUAGE.fullmatch(language):
        text = f"the page's language “{language[:40]}” is no language code"
        yield Problem("seo.language_invalid", Severity.MAJOR, reader.page.line(roots[0].start), text)


def _cards(reader: Reader) -> Iterator[Problem]:
    found: dict[str, str] = {}
    line = 1
    for element in reader.page.elements:
        name = element.attrs.get("property", "").strip().lower()
        if element.tag == "meta" and name.startswith("og:"):
            found.setdefault(name, element.attrs.get("content", "").strip())
            line = reader.page.line(element.start)
    missing = [name for name in _CARD if found and not found.get(name)]
    if missing:
        text = f"the card for social networks lacks {', '.join(missing)}"
        yield Problem("seo.card_incomplete", Severity.MINOR, line, text, ",".join(missing))


def _viewport(reader: Reader) -> Iterator[Problem]:
    if not _metas(reader, "viewport"):
        text = "the page sets no viewport, so phones show it as on a wide screen"
        yield Problem("seo.viewport_missing", Severity.MINOR, 1, text)

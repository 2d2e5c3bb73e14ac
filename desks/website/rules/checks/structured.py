"""Structured data of a page: JSON-LD that can be read, and what common types of schema.org cannot do without.

What is required is what the large search engines publish as required for a result; a type that is not listed is not
judged.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from desks.website.rules.change.places import Reader
from desks.website.rules.checks.problem import Problem
from dispatch.models.work.severity import Severity

REQUIRED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Product": (("name",),),
    "Offer": (("price", "priceSpecification"), ("priceCurrency", "priceSpecification")),
    "AggregateOffer": (("lowPrice",), ("priceCurrency",)),
    "AggregateRating": (("ratingValue",), ("ratingCount", "reviewCount")),
    "Review": (("author",), ("reviewRating", "reviewBody")),
    "Event": (("name",), ("startDate",), ("location",)),
    "Recipe": (("name",), ("image",)),
    "JobPosting": (("title",), ("description",), ("datePosted",), ("hiringOrganization",)),
    "BreadcrumbList": (("itemListElement",),),
    "FAQPage": (("mainEntity",),),
    "Question": (("name",), ("acceptedAnswer", "suggestedAnswer")),
    "VideoObject": (("name",), ("thumbnailUrl",), ("uploadDate",)),
    "LocalBusiness": (("name",), ("address",)),
    "Article": (("headline", "name"),),
    "NewsArticle": (("headline", "name"),),
    "BlogPosting": (("headline", "name"),),
    "Organization": (("name", "url", "legalName"),),
}
"""By type: groups of properties, of each of which one must be there."""
_MOST_DEPTH: Final = 40
_MOST_NODES: Final = 5_000
_DATE: Final = re.compile(
    r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_DATES: Final = (
    *("startDate", "endDate", "datePublished", "dateModified", "datePosted", "uploadDate", "priceValidUntil"),
)
_PRICE: Final = re.compile(r"\d+(?:\.\d+)?")


def structured_problems(reader: Reader) -> Iterator[Problem]:
    """Yield what is wrong with the page's JSON-LD and microdata."""
    for element in reader.page.elements:
        kind = element.attrs.get("type", "").split(";")[0].strip().lower()
        if element.tag == "script" and kind == "application/ld+json":
            line = reader.page.line(element.start)
            yield from _block(reader.page.text[element.inner : element.inner_end], line)
    yield from _microdata(reader)


def _block(text: str, line: int) -> Iterator[Problem]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = getattr(error, "lineno", 1)
        why = getattr(error, "msg", "it is nested too deeply")
        said = f"the structured data cannot be read: {why}"
        yield Problem("seo.jsonld_syntax", Severity.MAJOR, line + at - 1, said)
        return
    for node in _nodes(data):
        yield from _node(node, line, "jsonld")


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    todo: list[tuple[Any, int]] = [(data, 0)]
    seen = 0
    while todo and seen < _MOST_NODES:
        value, depth = todo.pop()
        seen += 1
        if depth > _MOST_DEPTH:
            continue
        if isinstance(value, dict):
            yield value
            todo += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list):
            todo += [(each, depth + 1) for each in value]


def _node(node: dict[str, Any], line: int, form: str) -> Iterator[Problem]:
    # What names another node by its id only is described elsewhere.
    if set(node) <= {"@id", "@type"}:
        return
    for name in _types(node):
        for one_of in REQUIRED.get(name, ()):
            if all(_is_empty(node.get(each)) for each in one_of):
                text = f"{name} in the structured data lacks {' or '.join(one_of)}"
                key = f"{name}.{one_of[0]}"
                yield Problem(f"seo.{form}_required", Severity.MAJOR, line, text, key)
    for name in _DATES:
        value = node.get(name)
        if isinstance(value, str) and value.strip() and not _DATE.fullmatch(value.strip()):
            text = f"{name} in the structured data is “{value[:40]}”, which is no ISO 8601 date"
            yield Problem(f"seo.{form}_value", Severity.MAJOR, line, text, f"{name}={value[:40]}")
    price = node.get("price")
    if isinstance(price, str) and price.strip() and not _PRICE.fullmatch(price.strip()):
        text = f"price in the structured data is “{price[:40]}”, which is no number with a point"
        yield Problem(f"seo.{form}_value", Severity.MAJOR, line, text, f"price={price[:40]}")


def _types(node: dict[str, Any]) -> Iterator[str]:
    raw = node.get("@type", ())
    for kind in (raw,) if isinstance(raw, str) else raw if isinstance(raw, list) else ():
        if isinstance(kind, str):
            yield kind.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | dict) and not value)


def _microdata(reader: Reader) -> Iterator[Problem]:
    todo = [(item, 0) for item in reader.page.document.microdata()]
    lines = [reader.page.line(e.start) for e in reader.page.elements if "itemscope" in e.attrs]
    line = lines[0] if lines else 1
    seen = 0
    while todo and seen < _MOST_NODES:
        item, depth = todo.pop()
        seen += 1
        node: dict[str, Any] = {"@type": (item.type or "").split()}
        for name, values in item.properties.items():
            inner = [value for value in values if not isinstance(value, str)]
            node[name] = values[0] if values and isinstance(values[0], str) else inner
            if depth < _MOST_DEPTH:
                todo += [(value, depth + 1) for value in inner]
        yield from _node(node, line, "microdata")

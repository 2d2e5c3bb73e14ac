"""Attributes of elements: their edits, and which addresses they may never get."""

from typing import Final
from urllib.parse import urlsplit

from desks.website.rules.change.places import Reader
from desks.website.rules.page.document import Placed
from desks.website.rules.page.source import Edit
from desks.website.rules.page.words import escaped_value

_SAFE_SCHEMES: Final = frozenset({"", "http", "https", "mailto", "tel"})


def unsafe_address(value: str) -> bool:
    """Return whether an address is of a scheme that a page must not link to, such as a script."""
    plain = "".join(c for c in value if c > " ")
    try:
        parts = urlsplit(plain)
    except ValueError:
        return True
    return parts.scheme.lower() not in _SAFE_SCHEMES or "\\" in plain


def attribute_edit(reader: Reader, element: Placed, name: str, value: str) -> Edit:
    """Return the edit that gives an element an attribute, or another value; the quotation marks stay those of the page."""
    source = reader.page.text
    if name not in element.spans:
        close = element.inner - 1
        before = close - 1 if source[close - 1] == "/" and element.tag != "a" else close
        gap = "" if source[before - 1].isspace() else " "
        tail = " " if before != close and gap == "" else ""
        return Edit(before, before, f'{gap}{name}="{escaped_value(value, chr(34))}"{tail}')
    start, end = element.spans[name]
    said = source[start:end]
    equals = said.find("=")
    if equals < 0:
        return Edit(end, end, f'="{escaped_value(value, chr(34))}"')
    begin = equals + 1
    while begin < len(said) and said[begin].isspace():
        begin += 1
    quote = said[begin : begin + 1]
    if quote in ("'", '"'):
        return Edit(start + begin + 1, end - 1, escaped_value(value, quote))
    return Edit(start + begin, end, f'"{escaped_value(value, chr(34))}"')

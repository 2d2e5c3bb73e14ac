"""Which links are fetched, and what their answers mean."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from desks.marketing.copy.text import Copy, Link
from desks.marketing.models.flag import Flag, quoted
from desks.marketing.rules.link_rules import is_of, urlsplit_safe, web_address
from dispatch.models.work.severity import Severity

MOST: Final = 20
"""Links of one copy that are fetched; the others are told as not looked at."""
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def to_fetch(copy: Copy, hosts: Sequence[str]) -> Mapping[str, Link]:
    """Return the links of a copy to hosts of ours, each address once."""
    found: dict[str, Link] = {}
    for link in copy.links:
        url = web_address(link)
        if url is not None and is_of(urlsplit_safe(url)[1], hosts):
            found.setdefault(url.partition("#")[0], link)
    return found


def flags_of(links: Mapping[str, Link], answers: Mapping[str, int | None]) -> Iterator[Flag]:
    """Yield a flag for each link that is dead, and for each that could not be looked at; `answers` has None for those."""
    for url, link in links.items():
        status = answers.get(url)
        if status in _GONE:
            yield _flag(link, "link.dead", Severity.MAJOR, "there is no such page; correct the link")
        elif status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            yield _flag(link, "link.unchecked", Severity.MINOR, "it could not be fetched; open it yourself")


def _flag(link: Link, rule: str, severity: Severity, message: str) -> Flag:
    return Flag(
        rule=rule,
        severity=severity,
        start=link.start,
        end=link.end,
        quote=quoted(link.url),
        message=f"{quoted(link.url)}: {message}",
    )

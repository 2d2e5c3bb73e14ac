"""Where links lead, and how those to our own pages are tagged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from desks.marketing.copy.text import Copy, Link
from desks.marketing.models.brand import Brand, Utm
from desks.marketing.models.flag import Flag, quoted
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import Pattern
from desks.marketing.rules.rule import Rule
from dispatch.models.work.severity import Severity

_WEB: Final = frozenset({"http", "https"})
_FIELD_SIGNS: Final = ("{", "%%", "*|", "<%", "[[")


def web_address(link: Link) -> str | None:
    """Return a link's address with its scheme; None for what is not of the web, such as mailto: or a merge field."""
    url = link.url.strip()
    if url.startswith(("#", "/", "?", ".")) or any(sign in url for sign in _FIELD_SIGNS):
        return None
    if "://" not in url:
        return None if ":" in url.partition("/")[0] and not url.startswith("www.") else _with_scheme(url)
    return url if urlsplit_safe(url)[0] in _WEB else None


def _with_scheme(url: str) -> str | None:
    host = url.partition("/")[0]
    return f"https://{url}" if "." in host and " " not in host else None


def urlsplit_safe(url: str) -> tuple[str, str]:
    """Return scheme and host of an address in lower case; both empty for what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return "", ""


def is_of(host: str, hosts: Sequence[str]) -> bool:
    """Return whether a host is one of some, or below one."""
    return any(host == known or host.endswith(f".{known}") for known in hosts)


@dataclass(frozen=True)
class Hosts:
    """A link to a host that is neither ours nor allowed; `link.insecure`: one of ours without encryption; `link.dead`, `link.unchecked`: where links are fetched."""

    brand: Brand
    name: str = "link.host"

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each link that leads elsewhere, is no address, or is not encrypted; without hosts nothing is checked."""
        del occasion
        links = self.brand.links
        if not links.hosts:
            return
        for link in copy.links:
            url = web_address(link)
            if url is None:
                continue
            scheme, host = urlsplit_safe(url)
            own = is_of(host, links.hosts)
            if not host:
                yield _flag(link, self.name, Severity.MAJOR, "this is no web address; correct it")
            elif not own and not is_of(host, links.others):
                text = f"it leads to {host}, which is none of our hosts; link to a page of ours, or have the host allowed"
                yield _flag(link, self.name, Severity.MAJOR, text)
            elif own and scheme == "http" and link.url.startswith("http:"):
                yield _flag(link, "link.insecure", Severity.MINOR, "it is not encrypted; write https://")


@dataclass(frozen=True)
class Tags:
    """A link to a page of ours whose tags are missing, or not those of the scheme."""

    hosts: tuple[str, ...]
    utm: Utm
    name: str = "link.utm"

    @cached_property
    def _pattern(self) -> Pattern:
        return Pattern(self.utm.pattern)

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
        """Yield each link of ours whose tags are missing or wrong; with all that the scheme says, in a replacement."""
        if not occasion.channel or (self.utm.channels and occasion.channel not in self.utm.channels):
            return
        for link in copy.links:
            url = web_address(link)
            if url is None or not is_of(urlsplit_safe(url)[1], self.hosts):
                continue
            problems = list(self._problems(url, occasion.channel))
            if problems:
                yield _flag(
                    link,
                    self.name,
                    Severity.MINOR,
                    f"its tags: {'; '.join(problems)}",
                    self._mended(url, occasion),
                )

    def _problems(self, url: str, channel: str) -> Iterator[str]:
        given = _query(url)
        for name in self.utm.required:
            value = given.get(name)
            allowed = self.utm.values.get(name, {}).get(channel, ())
            if not value:
                yield f"{name} is missing"
            elif allowed and value not in allowed:
                yield f"{name} is “{quoted(value)}”, and {channel} has {' or '.join(allowed)}"
            elif not self._pattern.fits(value):
                yield f"{name} is “{quoted(value)}”, and is written like {self.utm.pattern}"

    def _mended(self, url: str, occasion: Occasion) -> str | None:
        """Return the address with the tags that only one value fits; None where the scheme leaves any open."""
        given = _query(url)
        missing: dict[str, str] = {}
        for name in self.utm.required:
            if name in given:
                if any(name in problem for problem in self._problems(url, occasion.channel)):
                    return None
                continue
            allowed = self.utm.values.get(name, {}).get(occasion.channel, ())
            if len(allowed) != 1:
                return None
            missing[name] = allowed[0]
        address, mark, fragment = url.partition("#")
        joined = "&".join(f"{name}={quote(value)}" for name, value in missing.items())
        return f"{address}{'&' if '?' in address else '?'}{joined}{mark}{fragment}"


def _query(url: str) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(urlsplit(url).query.replace("&amp;", "&"), keep_blank_values=True, max_num_fields=100)
        )
    except ValueError:
        return {}


def _flag(link: Link, rule: str, severity: Severity, message: str, replacement: str | None = None) -> Flag:
    return Flag(
        rule=rule,
        severity=severity,
        start=link.start,
        end=link.end,
        quote=quoted(link.url),
        message=f"{quoted(link.url)}: {message}",
        replacement=replacement,
    )


def link_rules(brand: Brand) -> Sequence[Rule]:
    """Return the rules of links."""
    utm = brand.links.utm
    return (Hosts(brand), *((Tags(brand.links.hosts, utm),) if utm is not None else ()))

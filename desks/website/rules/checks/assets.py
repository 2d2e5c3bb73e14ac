"""Whether what a page refers to is there, is what it says it is, and is not too heavy; and alternative texts."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from desks.website.rules.change.attributes import unsafe_address
from desks.website.rules.checks.problem import Problem
from desks.website.rules.checks.references import Reference, in_site
from desks.website.rules.page.document import UNSEEN, Page
from dispatch.models.work.severity import Severity

_NAMED_TYPES: Final = {
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "gif": "gif",
    "webp": "webp",
    "svg": "svg",
    "ico": "ico",
    "avif": "avif",
    "woff": "woff",
    "woff2": "woff2",
}
_FILE_NAME: Final = re.compile(
    r"\A(?:(?:[\w-]+/)*[\w()-]+\.(?:png|jpe?g|gif|svg|webp|avif)|(?:img|dsc|image|picture|photo)[\s_-]?\d+)",
    re.IGNORECASE,
)
_GONE: Final = Severity.MAJOR
_RATIO: Final = 0.02
_MOST_DIGITS: Final = 5
_OWN_DATA: Final = ("data:", "mailto:", "tel:", "javascript:")


class FileInfo(NamedTuple):
    """A file of the site as it is: its size, what its first bytes say it is, and the dimensions of a picture."""

    size: int
    kind: str = ""
    width: int = 0
    height: int = 0


class AssetLimits(NamedTuple):
    """How heavy things may be, in bytes."""

    image: int = 500_000
    script: int = 300_000
    total: int = 3_000_000


class Surroundings(NamedTuple):
    """The site around a page: its own path, the hosts it is served under, what files there are, and pages' anchors."""

    path: str
    hosts: frozenset[str]
    files: Mapping[str, FileInfo]
    """By path: the files that the page refers to and that are there."""
    anchors: Mapping[str, frozenset[str]]
    """By path of a page: its ids."""


def first_bytes_kind(data: bytes) -> str:
    """Return what a file is by its first bytes; empty where they are of nothing known."""
    for magic, kind in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"GIF8", "gif"),
        (b"\x00\x00\x01\x00", "ico"),
        (b"wOFF", "woff"),
        (b"wOF2", "woff2"),
    ):
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return (
        "svg"
        if head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in data[:4096].lower()
        else ""
    )


def asset_problems(
    page: Page, references: tuple[Reference, ...], around: Surroundings | None, limits: AssetLimits
) -> tuple[Problem, ...]:
    """Return what is wrong; without surroundings only what the page itself tells."""
    return (
        *_alternative_texts(page),
        *_addresses(references, around),
        *(_there(page, references, around, limits) if around is not None else ()),
    )


def _alternative_texts(page: Page) -> Iterator[Problem]:
    for element in page.elements:
        if element.tag != "img" or any(a.tag in UNSEEN for a in page.ancestors(element)):
            continue
        line, source = page.line(element.start), element.attrs.get("src", "")[:120]
        alt = element.attrs.get("alt")
        if alt is None:
            if (
                element.attrs.get("role") in ("presentation", "none")
                or element.attrs.get("aria-hidden") == "true"
            ):
                continue
            yield Problem(
                "assets.alt_missing", _GONE, line, f"the image {source} has no alternative text", source
            )
        elif _FILE_NAME.fullmatch(alt.strip()):
            text = f"the alternative text of {source} is a file's name: “{alt[:60]}”"
            yield Problem("assets.alt_file_name", Severity.MINOR, line, text, source)


def _addresses(references: tuple[Reference, ...], around: Surroundings | None) -> Iterator[Problem]:
    for one in references:
        address = one.address.strip()
        if one.kind == "link" and address.lower().startswith(("javascript:", "data:", "vbscript:")):
            yield Problem(
                "links.unsafe",
                Severity.CRITICAL,
                one.line,
                f"a link runs a script: {address[:60]}",
                address[:200],
            )
        elif one.kind == "link" and not address:
            yield Problem(
                "links.empty", Severity.MINOR, one.line, "a link leads nowhere: its address is empty"
            )
        elif (
            one.kind == "link"
            and not address.startswith("#")
            and unsafe_address(address)
            and ":" in address.split("/")[0]
        ):
            scheme = address.split(":")[0][:20]
            if not scheme.isalpha() or scheme.lower() in ("file", "blob", "about"):
                yield Problem(
                    "links.unsafe", Severity.MAJOR, one.line, f"a link has the scheme {scheme}", address[:200]
                )
        elif one.kind != "link" and address.lower().startswith("http://"):
            if around is not None and in_site(address, around.path, around.hosts) is not None:
                continue
            text = f"{one.kind} over plain HTTP, which browsers refuse on a page that is served over HTTPS: {address[:80]}"
            yield Problem("assets.mixed_content", Severity.MAJOR, one.line, text, address)
        elif one.kind != "link" and not address:
            yield Problem("assets.empty", Severity.MAJOR, one.line, f"{one.kind}: the address is empty")


def _there(
    page: Page, references: tuple[Reference, ...], around: Surroundings, limits: AssetLimits
) -> Iterator[Problem]:
    base = next((e.attrs["href"] for e in page.elements if e.tag == "base" and "href" in e.attrs), "")
    own = frozenset(e.attrs["id"] for e in page.elements if e.attrs.get("id")) | frozenset(
        e.attrs["name"] for e in page.elements if e.tag == "a" and e.attrs.get("name")
    )
    seen: dict[str, int] = {}
    for one in references:
        address = one.address.strip()
        place = in_site(address, around.path, around.hosts, base)
        if place is None or not address or address.lower().startswith(_OWN_DATA):
            continue
        path = existing(place.path, around)
        if address.startswith("#") or (path == around.path and one.kind == "link"):
            yield from _anchor(one, place.fragment, own, "this page", f"#{place.fragment}")
        elif path is None:
            rule = "links.page_missing" if one.kind == "link" else f"assets.{one.kind}_missing"
            yield Problem(rule, _GONE, one.line, f"{one.address[:100]} is not in the site", one.address)
        elif one.kind == "link":
            if path in around.anchors:
                yield from _anchor(one, place.fragment, around.anchors[path], path, one.address)
        else:
            seen[path] = around.files[path].size
            yield from _file(one, path, around.files[path], limits)
    if sum(seen.values()) > limits.total:
        text = f"the page loads {sum(seen.values()):,} bytes of its own site; more than {limits.total:,} make it slow"
        yield Problem("assets.total_weight", Severity.MINOR, 1, text)


def _anchor(one: Reference, fragment: str, known: frozenset[str], where: str, key: str) -> Iterator[Problem]:
    if fragment and fragment not in known and fragment != "top":
        text = f"the link to #{fragment[:60]} leads nowhere on {where}"
        yield Problem("links.anchor_missing", _GONE, one.line, text, key)


def existing(path: str, around: Surroundings) -> str | None:
    """Return the file of the site that a path leads to, as web servers find it; None where there is none."""
    plain = path.rstrip("/")
    tries = (path, f"{plain}/index.html".lstrip("/"), f"{plain}.html") if plain else ("index.html",)
    return next((one for one in tries if one in around.files or one in around.anchors), None)


def _file(one: Reference, path: str, info: FileInfo, limits: AssetLimits) -> Iterator[Problem]:
    named = _NAMED_TYPES.get(path.rsplit(".", 1)[-1].lower() if "." in path else "")
    if named and info.kind != named:
        text = f"{path} is called a {named} file and is {info.kind or 'something else'}"
        yield Problem("assets.type", _GONE, one.line, text, path)
    most = limits.image if one.kind in ("image", "icon") else limits.script
    if one.kind in ("image", "icon", "script", "style", "font") and info.size > most:
        text = f"{path} has {info.size:,} bytes; more than {most:,} make a page slow"
        yield Problem("assets.weight", Severity.MINOR, one.line, text, path)
    wide, high = _pixels(one.attrs.get("width", "")), _pixels(one.attrs.get("height", ""))
    if one.kind == "image" and wide and high and info.width and info.height:
        shown, real = wide / high, info.width / info.height
        if abs(shown - real) / real > _RATIO:
            text = (
                f"{path} is shown as {wide} by {high} and is {info.width} by {info.height}: it is distorted"
            )
            yield Problem("assets.dimensions", Severity.MINOR, one.line, text, path)


def _pixels(value: str) -> int:
    digits = value.strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else 0

"""What is computed of strangers' pages, each in one call, so that it can run in a process that is killed if it takes too long.

Arguments and results are plain values. A PageError says what a person must know.
"""

from collections.abc import Mapping
from typing import NamedTuple

from desks.website.models.changes import Change, Check, Kind
from desks.website.rules.change.edit import edited, read_page
from desks.website.rules.change.places import Reader
from desks.website.rules.checks.acceptance import acceptance_problems
from desks.website.rules.checks.assets import AssetLimits, Surroundings, asset_problems
from desks.website.rules.checks.conformance import conformance_problems
from desks.website.rules.checks.problem import Compared, Problem, compared, first_time
from desks.website.rules.checks.references import Reference, host_of, references_of
from desks.website.rules.checks.seo import Heads, SeoLimits, heads_of, seo_problems
from desks.website.rules.page.source import PageError
from desks.website.rules.page.words import folded

_MOST_SHOWN = 300
_LONG_ENOUGH = 4
_RUNS = ("script", "iframe", "form", "object", "embed", "base")


class Shown(NamedTuple):
    """A place that a target may mean, as it is quoted in a question."""

    reference: str
    line: int
    words: str


class DoneLine(NamedTuple):
    """One place that was changed, by the change's number."""

    change: int
    line: int
    part: str
    was: str
    becomes: str
    risk: str


class OpenChange(NamedTuple):
    """A change that is not clear, by its number."""

    change: int
    why: str
    places: tuple[Shown, ...]


class EditResult(NamedTuple):
    """An edited page; `data` is the page as it was where anything is open."""

    data: bytes
    text: str
    text_before: str
    lines: tuple[DoneLine, ...]
    open: tuple[OpenChange, ...]
    left: tuple[Shown, ...]
    """Places outside the running text where words still stand that were replaced."""


def edit(data: bytes, changes: tuple[Change, ...], chosen: str, link_hosts: frozenset[str]) -> EditResult:
    """Make the changes of one page. Raises PageError where the page cannot be edited safely."""
    done = edited(data, changes, chosen)
    by_id = {id(change): index for index, change in enumerate(changes)}
    before = read_page(data)
    known = link_hosts | {host_of(one.address) for one in references_of(before)} | {""}
    lines = tuple(
        DoneLine(
            by_id[id(made.change)],
            step.line,
            step.part or "text",
            step.was[:_MOST_SHOWN],
            step.becomes[:_MOST_SHOWN],
            _risk(step.risk, step.becomes, known),
        )
        for made in done.made
        for step in made.steps
    )
    open_changes = tuple(
        OpenChange(
            by_id[id(one.change)],
            one.why,
            tuple(Shown(p.reference, p.line, p.shown[:_MOST_SHOWN]) for p in one.places[:12]),
        )
        for one in done.open
    )
    after = read_page(done.data)
    left = () if open_changes else _left_elsewhere(Reader(after), changes)
    return EditResult(done.data, after.source.text, before.source.text, lines, open_changes, left)


def _risk(risk: str, value: str, known: frozenset[str]) -> str:
    return "new_host" if risk == "address" and host_of(value) not in known else risk


def _left_elsewhere(reader: Reader, changes: tuple[Change, ...]) -> tuple[Shown, ...]:
    """Return where words that were replaced still stand for machines: in attributes, the title and structured data."""
    found: list[Shown] = []
    for change in changes:
        wanted = folded(change.target.words)
        if change.kind is not Kind.REPLACE or len(wanted) < _LONG_ENOUGH or wanted in folded(change.value):
            continue
        for element in reader.page.elements:
            names = ("alt", "title", "content", "aria-label", "placeholder", "value")
            here = [element.attrs[name] for name in names if wanted in folded(element.attrs.get(name, ""))]
            inner = element.tag == "title" or (
                element.tag == "script" and "json" in element.attrs.get("type", "")
            )
            if inner and wanted in folded(reader.page.text[element.inner : element.inner_end]):
                here.append(f"<{element.tag}>")
            line = reader.page.line(element.start)
            found += [Shown(str(line), line, words[:_MOST_SHOWN]) for words in here[:1]]
    return tuple(found[:10])


class FileResult(NamedTuple):
    """A page that replaces another: whether it is one, and what of it needs a person."""

    text: str
    text_before: str
    risk: str


def replacement(data: bytes, before: bytes | None) -> FileResult:
    """Look at a replacement file. Raises PageError for what is no page or cannot be read."""
    after = read_page(data)
    old = read_page(before) if before is not None else None
    runs = [(e.tag, after.text[e.start : e.end]) for e in after.elements if e.tag in _RUNS]
    ran = (
        [(e.tag, old.text[e.start : e.end]) for e in old.elements if e.tag in _RUNS]
        if old is not None
        else []
    )
    handlers = sorted(f"{n}={v}" for e in after.elements for n, v in e.attrs.items() if n.startswith("on"))
    handled = (
        sorted(f"{n}={v}" for e in old.elements for n, v in e.attrs.items() if n.startswith("on"))
        if old
        else []
    )
    risk = "file" if runs == ran and handlers == handled else "script"
    return FileResult(after.source.text, old.source.text if old is not None else "", risk)


def heads(pages: Mapping[str, bytes]) -> dict[str, Heads]:
    """Return the titles and descriptions of pages by their paths; a page that cannot be read is left out."""
    found: dict[str, Heads] = {}
    for path, data in pages.items():
        try:
            found[path] = heads_of(Reader(read_page(data)))
        except PageError:
            continue
    return found


def references(data: bytes) -> tuple[tuple[Reference, ...], str]:
    """Return what a page refers to, and its <base href>."""
    page = read_page(data)
    base = next((e.attrs["href"] for e in page.elements if e.tag == "base" and "href" in e.attrs), "")
    return references_of(page), base


def anchors(data: bytes) -> frozenset[str]:
    """Return the places of a page that a link can lead to."""
    page = read_page(data)
    named = (e.attrs["name"] for e in page.elements if e.tag == "a" and e.attrs.get("name"))
    return frozenset(e.attrs["id"] for e in page.elements if e.attrs.get("id")) | frozenset(named)


def check_seo(before: bytes | None, after: bytes, others: Mapping[str, Heads], limits: SeoLimits) -> Compared:
    """Compare what search engines read of a page before and after."""
    new = seo_problems(Reader(read_page(after)), others, limits)
    return (
        first_time(new)
        if before is None
        else compared(seo_problems(Reader(read_page(before)), others, limits), new)
    )


def check_conformance(before: bytes | None, after: bytes) -> Compared:
    """Compare the soundness of a page's markup before and after."""
    new = conformance_problems(Reader(read_page(after)))
    return (
        first_time(new) if before is None else compared(conformance_problems(Reader(read_page(before))), new)
    )


def check_assets(
    before: bytes | None, after: bytes, around: Surroundings | None, limits: AssetLimits
) -> Compared:
    """Compare what a page refers to before and after."""

    def of(data: bytes) -> tuple[Problem, ...]:
        page = read_page(data)
        return asset_problems(page, references_of(page), around, limits)

    return first_time(of(after)) if before is None else compared(of(before), of(after))


def check_acceptance(data: bytes, checks: tuple[Check, ...]) -> Compared:
    """Return the checks that a page does not meet; what was before does not excuse it."""
    return Compared(acceptance_problems(Reader(read_page(data)), checks), ())
